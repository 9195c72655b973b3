import { assert } from '@gpup/base';
import { closeDescriptor, createSealedMemfd, mapShared } from '@gpup/os';
import { type ApertureSizes, initializeHeader, layoutAperture, viewAperture } from '../aperture-layout.ts';
import type { Scheduler } from '../doorbell.ts';
import { HostApertureLink } from '../host-aperture-link.ts';
import { HostStreamLink } from '../host-stream-link.ts';
import { BUS_LIMITS } from '../limits.ts';
import type { HostLink } from '../link.ts';
import { announce } from './announcement.ts';
import { nodeScheduler } from './scheduler.ts';
import { SocketDoorbell } from './socket-doorbell.ts';
import { UnixSocketDuplex } from './unix-socket-duplex.ts';

export interface OfferOptions extends Partial<ApertureSizes> {
  readonly packetWordsMax?: number;
  readonly replyBacklogBytesMax?: number;
  /** Of the thread's own, where more than the link lives on it. */
  readonly scheduler?: Scheduler;
}

/** Makes the aperture, gives it to the guest, and returns the host's end. Takes the socket over. */
export function offerApertureLink(socketFd: number, options: OfferOptions = {}): HostApertureLink {
  const { commandRingBytes, replyRingBytes, heapBytes, packetWordsMax, replyBacklogBytesMax, scheduler } = { ...BUS_LIMITS, scheduler: nodeScheduler, ...options };
  const layout = layoutAperture({ commandRingBytes, replyRingBytes, heapBytes });
  assert(layout !== null, 'no aperture has these sizes');
  const memfd = createSealedMemfd('gpup-aperture', layout.sizeBytes);
  try {
    const mapping = mapShared(memfd, layout.sizeBytes);
    const aperture = viewAperture(mapping.buffer, layout);
    initializeHeader(aperture.control);
    announce(socketFd, { type: 'aperture', packetWordsMax, commandRingBytes, replyRingBytes, heapBytes }, [memfd]);
    return new HostApertureLink({
      aperture,
      doorbell: new SocketDoorbell(socketFd, { leavesPeersProcessor: true }),
      scheduler,
      packetWordsMax,
      replyBacklogBytesMax,
      release: () => mapping.release(),
    });
  } finally {
    closeDescriptor(memfd);
  }
}

/** Takes the socket over. */
export function offerStreamLink(socketFd: number, options: OfferOptions = {}): HostStreamLink {
  const { packetWordsMax, replyBacklogBytesMax, scheduler } = { ...BUS_LIMITS, scheduler: nodeScheduler, ...options };
  announce(socketFd, { type: 'stream', packetWordsMax }, []);
  return new HostStreamLink({
    duplex: new UnixSocketDuplex(socketFd),
    scheduler,
    packetWordsMax,
    replyBacklogBytesMax,
  });
}

export type Transport = 'aperture' | 'stream';

export function offerLink(socketFd: number, transport: Transport, options: OfferOptions = {}): HostLink {
  return transport === 'aperture' ? offerApertureLink(socketFd, options) : offerStreamLink(socketFd, options);
}

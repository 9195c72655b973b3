import { fstatSync } from 'node:fs';
import { closeDescriptor, mapShared, sealsOf } from '@gpup/os';
import { type ApertureSizes, headerDefect, layoutAperture, viewAperture } from '../aperture-layout.ts';
import { GuestApertureLink } from '../guest-aperture-link.ts';
import { GuestStreamLink } from '../guest-stream-link.ts';
import type { GuestLink } from '../link.ts';
import { receiveAnnouncement } from './announcement.ts';
import { nodeScheduler } from './scheduler.ts';
import { SocketDoorbell } from './socket-doorbell.ts';
import { UnixSocketDuplex } from './unix-socket-duplex.ts';

export interface AcceptOptions {
  readonly timeoutMs?: number;
  readonly queueBytesMax?: number;
}

/**
 * Waits for the host's announcement, blocking, and returns the guest's end of the link. Takes the
 * socket over, unless it throws.
 */
export function acceptLink(socketFd: number, { timeoutMs = 10_000, ...limits }: AcceptOptions = {}): GuestLink {
  const { announcement, fd } = receiveAnnouncement(socketFd, timeoutMs);
  const { packetWordsMax } = announcement;
  if (announcement.type === 'stream' || fd === null) {
    const duplex = new UnixSocketDuplex(socketFd);
    return new GuestStreamLink({ duplex, scheduler: nodeScheduler, packetWordsMax, ...limits });
  }
  try {
    const { aperture, release } = mapAperture(fd, announcement);
    const doorbell = new SocketDoorbell(socketFd);
    return new GuestApertureLink({ aperture, doorbell, scheduler: nodeScheduler, packetWordsMax, release, ...limits });
  } finally {
    closeDescriptor(fd);
  }
}

function mapAperture(fd: number, sizes: ApertureSizes) {
  const layout = layoutAperture(sizes);
  if (layout === null) throw new Error('No aperture has the announced sizes.');
  const { size } = fstatSync(fd);
  if (size !== layout.sizeBytes) throw new Error(`The aperture's memory is ${size} bytes large instead of ${layout.sizeBytes}.`);
  if (!sealsOf(fd).shrink) throw new Error('The aperture is not sealed: a host could end this process by shrinking it.');
  const mapping = mapShared(fd, layout.sizeBytes);
  const aperture = viewAperture(mapping.buffer, layout);
  const defect = headerDefect(aperture.control);
  if (defect !== null) {
    mapping.release();
    throw new Error(defect);
  }
  return { aperture, release: () => mapping.release() };
}

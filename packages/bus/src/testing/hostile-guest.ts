import { closeDescriptor, createSocketPair, type Mapping, mapShared, sendNow } from '@gpup/os';
import { type Aperture, HEADER, layoutAperture, viewAperture } from '../aperture-layout.ts';
import type { HostApertureLink } from '../host-aperture-link.ts';
import { receiveAnnouncement } from '../node/announcement.ts';
import { type OfferOptions, offerApertureLink } from '../node/index.ts';

/** A guest that holds what every guest is given, and keeps to no rule. */
export class HostileGuest {
  readonly host: HostApertureLink;
  readonly socketFd: number;
  readonly memfd: number;
  readonly sizeBytes: number;
  readonly mapping: Mapping;
  readonly aperture: Aperture;
  #isClosed = false;

  constructor(options: OfferOptions) {
    const [hostFd, socketFd] = createSocketPair();
    this.host = offerApertureLink(hostFd, options);
    this.socketFd = socketFd;
    const { announcement, fd } = receiveAnnouncement(socketFd, 1000);
    if (announcement.type !== 'aperture' || fd === null) throw new Error('no aperture');
    const layout = layoutAperture(announcement);
    if (layout === null) throw new Error('no layout');
    this.memfd = fd;
    this.sizeBytes = layout.sizeBytes;
    this.mapping = mapShared(fd, layout.sizeBytes);
    this.aperture = viewAperture(this.mapping.buffer, layout);
  }

  /** Writes words at the start of the command ring and moves the tail behind them. */
  publish(...words: number[]): void {
    const { control, commandRing } = this.aperture;
    const tail = Atomics.load(control, HEADER.commandTail) >>> 0;
    for (const [index, word] of words.entries()) commandRing[(tail + index) % commandRing.length] = word;
    Atomics.store(control, HEADER.commandTail, tail + words.length);
    this.ring();
  }

  ring(): void {
    sendNow(this.socketFd, Uint8Array.of(1));
  }

  /** Ends as a killed process does. */
  end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeDescriptor(this.socketFd);
    closeDescriptor(this.memfd);
    this.mapping.release();
  }

  close(): void {
    this.end();
    this.host.close();
  }
}

import type { GuestFault } from '@gpup/base';
import type { CloseReason, HostLink, PacketSink } from '@gpup/bus';

/** A host's link whose guest is the fuzzer. */
export interface ArenaLink extends HostLink {
  readonly isPaused: boolean;
  /** Told of each packet that the host sends, while it sends it. */
  onReply: PacketSink;
  /** The guest sends one whole packet; it is executed, or what stops it is reported, before this returns. */
  deliver(packet: Uint32Array): void;
}

/** Without a carrier: packets are delivered by call, replies go to a function. */
export class FuzzLink implements ArenaLink {
  readonly heap: Uint8Array | null;
  onPacket: PacketSink = () => {};
  onClose: (reason: CloseReason) => void = () => {};
  onFault: (fault: GuestFault) => void = () => {};
  onReply: PacketSink = () => {};
  isPaused = false;

  constructor(heap: Uint8Array | null) {
    this.heap = heap;
  }

  deliver(packet: Uint32Array): void {
    this.onPacket(packet, 0, packet.length);
  }

  send(words: Uint32Array, begin: number, end: number): void {
    this.onReply(words, begin, end);
  }

  publishCompleted(): void {}

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(): void {}
}

import type { GuestFault } from '@gpup/base';
import type { CloseReason, HostLink, PacketSink } from '@gpup/bus';

/** A host's link without a carrier: packets are delivered by call, replies go to a function. */
export class FuzzLink implements HostLink {
  readonly heap: Uint8Array | null;
  onPacket: PacketSink = () => {};
  onClose: (reason: CloseReason) => void = () => {};
  onFault: (fault: GuestFault) => void = () => {};
  onReply: PacketSink = () => {};
  isPaused = false;

  constructor(heap: Uint8Array | null) {
    this.heap = heap;
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

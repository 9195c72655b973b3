import type { CloseReason, GuestHeap, GuestLink, PacketSink } from './link.ts';

/** A link whose other end is in this thread, and has answered when `send` returns, or will in a microtask: nobody waits for anything. */
export abstract class ImmediateLink implements GuestLink {
  readonly heap: GuestHeap | null;
  readonly packetWordsMax = 1 << 20;
  onPacket: PacketSink = () => {};
  onClose: (reason: CloseReason) => void = () => {};

  constructor(heap: GuestHeap | null = null) {
    this.heap = heap;
  }

  abstract send(words: Uint32Array, begin: number, end: number): void;

  ringIfDue(): void {}

  waitForProgress(): boolean {
    return false;
  }

  waitForHost(): boolean {
    return false;
  }

  poll(): void {}

  completedSerial(): number {
    return 0;
  }

  setWaiting(): void {}

  close(): void {}
}

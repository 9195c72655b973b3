import type { GuestFault } from '@gpup/base';
import type { CloseReason, HostLink, PacketSink } from '@gpup/bus';

/** The link of a context whose guest is a file. */
export class ReplayLink implements HostLink {
  readonly heap: Uint8Array | null;
  onPacket: PacketSink = () => {};
  onClose: (reason: CloseReason) => void = () => {};
  onFault: (fault: GuestFault) => void = () => {};
  /** Called with each packet that the host sends, while it sends it. */
  onReply: PacketSink = () => {};
  /** Called when the host reads again. */
  onResume: () => void = () => {};
  isPaused = false;

  constructor(heapBytes: number | null) {
    this.heap = heapBytes === null ? null : new Uint8Array(heapBytes);
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
    this.onResume();
  }

  close(): void {
    this.onClose({ kind: 'closed' });
  }
}

import type { CloseReason, HostLink, PacketSink } from '@gpup/bus';
import type { GuestFault } from '@gpup/base';

/** A link whose other end is a test: packets are delivered by call, and replies collected. */
export class MemoryLink implements HostLink {
  readonly heap: Uint8Array | null;
  onPacket: PacketSink = () => {};
  onClose: (reason: CloseReason) => void = () => {};
  onFault: (fault: GuestFault) => void = () => {};
  /** Called with each packet that the host sends. */
  onReply: PacketSink = () => {};
  completedSerial = 0;
  isPaused = false;
  pauseCount = 0;
  readonly #waiting: Uint32Array[] = [];

  constructor(heapBytes: number | null) {
    this.heap = heapBytes === null ? null : new Uint8Array(heapBytes);
  }

  /** Delivers one packet, or keeps it while the host pauses. */
  deliver(packet: Uint32Array): void {
    if (this.isPaused) this.#waiting.push(packet.slice());
    else this.onPacket(packet, 0, packet.length);
  }

  send(words: Uint32Array, begin: number, end: number): void {
    this.onReply(words, begin, end);
  }

  publishCompleted(serial: number): void {
    this.completedSerial = serial;
  }

  pause(): void {
    this.isPaused = true;
    this.pauseCount++;
  }

  resume(): void {
    this.isPaused = false;
    while (!this.isPaused) {
      const packet = this.#waiting.shift();
      if (packet === undefined) return;
      this.onPacket(packet, 0, packet.length);
    }
  }

  close(): void {
    this.onClose({ kind: 'closed' });
  }
}

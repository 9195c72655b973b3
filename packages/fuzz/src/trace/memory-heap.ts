import type { GuestHeap } from '@gpup/bus';

/** A heap for short programs: what does not fit any more is refused, and travels inside the packets. */
export class MemoryHeap implements GuestHeap {
  readonly bytes: Uint8Array;
  #used = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get sizeBytes(): number {
    return this.bytes.length;
  }

  stage(byteLength: number): number {
    return this.reserve(byteLength);
  }

  reserve(byteLength: number): number {
    const offset = this.#used;
    if (offset + byteLength > this.bytes.length) return -1;
    this.#used = Math.ceil((offset + byteLength) / 8) * 8;
    return offset;
  }

  release(): void {}
}

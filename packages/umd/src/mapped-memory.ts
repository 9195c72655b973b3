/** Shorter ones come from memory that the allocator has warm anyway. */
const KEPT_BYTES_MIN = 64 << 10;
const KEPT_COUNT_MAX = 16;

/**
 * The ArrayBuffers of mapped ranges. One that is detached hands its memory on to the next of the same
 * length: fresh memory costs five times as much as the copy into it, as the kernel clears each page on
 * its first use. Held weakly, so that a collection frees it like any garbage.
 */
export class MappedMemory {
  readonly #kept: WeakRef<ArrayBuffer>[] = [];

  /** With whatever bytes: for content that is overwritten as a whole. Throws RangeError where there is no memory. */
  take(byteLength: number): ArrayBuffer {
    return this.#takeKept(byteLength) ?? new ArrayBuffer(byteLength);
  }

  takeZeroed(byteLength: number): ArrayBuffer {
    const kept = this.#takeKept(byteLength);
    if (kept === null) return new ArrayBuffer(byteLength);
    new Uint8Array(kept).fill(0);
    return kept;
  }

  /** Detaches `buffer`, unless it is already. */
  give(buffer: ArrayBuffer): void {
    if (buffer.byteLength === 0) return;
    const memory = detach(buffer);
    if (memory.byteLength < KEPT_BYTES_MIN) return;
    if (this.#kept.length === KEPT_COUNT_MAX) this.#kept.shift();
    this.#kept.push(new WeakRef(memory));
  }

  /** The one given last is the one most likely in a cache. */
  #takeKept(byteLength: number): ArrayBuffer | null {
    if (byteLength < KEPT_BYTES_MIN) return null;
    for (let i = this.#kept.length - 1; i >= 0; i--) {
      const memory = (this.#kept[i] as WeakRef<ArrayBuffer>).deref();
      if (memory !== undefined && memory.byteLength !== byteLength) continue;
      this.#kept.splice(i, 1);
      if (memory !== undefined) return memory;
    }
    return null;
  }
}

/** An ordinary ArrayBuffer's byteLength is 0 afterwards; its memory goes to the buffer that is returned. */
function detach(buffer: ArrayBuffer): ArrayBuffer {
  return typeof buffer.transfer === 'function' ? buffer.transfer() : structuredClone(buffer, { transfer: [buffer] });
}

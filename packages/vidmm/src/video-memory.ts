import { assert } from '@gpup/base';
import type { Budget } from './budget.ts';

/**
 * The account of video memory of one context: what its live buffers, textures and query sets take.
 * It counts what the descriptors ask for, not how an implementation pads and groups its allocations.
 */
export class VideoMemory {
  readonly #budget: Budget;
  #usedBytes = 0;
  #peakBytes = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** Of this context. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** The most that this context ever had. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  get limitBytes(): number {
    return this.#budget.limitBytes;
  }

  /** False, with nothing charged, where the budget does not allow it. */
  reserve(bytes: number): boolean {
    // Also while a budget shrinks: what takes nothing can always be had.
    if (bytes === 0) return true;
    if (!this.#budget.reserve(bytes)) return false;
    this.#usedBytes += bytes;
    this.#peakBytes = Math.max(this.#peakBytes, this.#usedBytes);
    return true;
  }

  /** Says why `reserve` refused. */
  refusal(what: string, bytes: number): string {
    const { limitBytes, usedBytes } = this.#budget;
    return `${what} needs ${bytes} bytes of video memory, of which ${Math.max(0, limitBytes - usedBytes)} of ${limitBytes} are left.`;
  }

  release(bytes: number): void {
    if (bytes === 0) return;
    this.#usedBytes -= bytes;
    assert(this.#usedBytes >= 0);
    this.#budget.release(bytes);
  }
}

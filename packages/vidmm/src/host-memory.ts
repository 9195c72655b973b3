import { assert, GuestFault } from '@gpup/base';
import type { Budget } from './budget.ts';

/** What is taken from the budget at a time: most charges are some kilobytes, come and go, and the budget is shared. A frame's command buffers fit. */
export const LEASE_BYTES = 256 * 2 ** 10;

/**
 * The account of what one guest makes its host hold: its aperture, records of its objects, the journal,
 * recorded commands, work that has not ended. A guest over the budget loses its context: unlike video
 * memory, the API has no way to refuse it.
 *
 * Invariant: `usedBytes` <= bytes reserved of the budget < `usedBytes` + 2 leases.
 */
export class HostMemory {
  readonly #budget: Budget;
  #usedBytes = 0;
  #reservedBytes = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** Of this context, exactly. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  get limitBytes(): number {
    return this.#budget.limitBytes;
  }

  /** Throws where the budget does not allow it. */
  charge(bytes: number): void {
    if (this.tryCharge(bytes)) return;
    throw new GuestFault(
      'host-memory',
      `The context makes the host hold ${this.#usedBytes} bytes and needs ${bytes} more; its partition uses ${this.#budget.usedBytes} bytes, the limit is ${this.#budget.limitBytes}.`,
    );
  }

  /** False, with nothing charged, where the budget does not allow it: for what can be done without. */
  tryCharge(bytes: number): boolean {
    const usedBytes = this.#usedBytes + bytes;
    if (usedBytes > this.#reservedBytes && !this.#reserve(usedBytes - this.#reservedBytes)) return false;
    this.#usedBytes = usedBytes;
    return true;
  }

  /** A whole number of leases, or where that is too much, exactly what is missing. */
  #reserve(missingBytes: number): boolean {
    for (const bytes of [Math.ceil(missingBytes / LEASE_BYTES) * LEASE_BYTES, missingBytes]) {
      if (!this.#budget.reserve(bytes)) continue;
      this.#reservedBytes += bytes;
      return true;
    }
    return false;
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes;
    assert(this.#usedBytes >= 0);
    const spareBytes = this.#reservedBytes - this.#usedBytes;
    if (spareBytes < 2 * LEASE_BYTES) return;
    // Keeps one: the next charge mostly follows soon.
    this.#budget.release(spareBytes - LEASE_BYTES);
    this.#reservedBytes = this.#usedBytes + LEASE_BYTES;
  }
}

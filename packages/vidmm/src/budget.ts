/** Where the accounts of a context draw from. Bytes in, bytes out: it knows nothing of objects. */
export interface Budget {
  /** Infinity: no limit. It can change at any time. */
  readonly limitBytes: number;
  /** Of everybody who draws from it. May be above a limit that was lowered. */
  readonly usedBytes: number;
  /** False, with nothing taken, where the limit does not allow it. */
  reserve(bytes: number): boolean;
  /** Gives back what was reserved. */
  release(bytes: number): void;
}

/** A budget that one context has alone: that of an ephemeral host. */
export class OwnBudget implements Budget {
  readonly limitBytes: number;
  #usedBytes = 0;

  constructor(limitBytes: number | undefined) {
    this.limitBytes = limitBytes ?? Number.POSITIVE_INFINITY;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  reserve(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.limitBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}

/**
 * Objects that a program drops are released on the host when the collector has found them. The
 * collector sees only the small guest halves, so it is told of the host's: like a heap's own limit,
 * the next collection is due when objects or bytes have grown by half since the last one, or, with a
 * small budget of video memory, when half of what was left of it is gone: what the program has dropped
 * must not keep it from what it creates.
 */
const COUNT_STEP = 16_384;
const BYTES_STEP = 128 << 20;
const GROWTH = 1.5;
/** Close to its budget a program is not made to collect for less than this part of it. */
const BUDGET_STEPS = 32;

export class GarbagePressure {
  readonly #collect: () => void;
  #liveCount = 0;
  #liveBytes = 0;
  #countMax = COUNT_STEP;
  #bytesMax = BYTES_STEP;
  #due = false;
  /** Of video memory; takes effect at once. */
  #budgetBytes = Number.POSITIVE_INFINITY;

  /** `collect` starts a collection outside of any call into the driver. */
  constructor(collect: () => void) {
    this.#collect = collect;
  }

  set budgetBytes(bytes: number) {
    this.#budgetBytes = bytes;
    this.#bytesMax = Math.min(this.#bytesMax, this.#bytesLimit());
  }

  /** How many bytes may live before the next collection, if this many live now. */
  #bytesLimit(): number {
    const live = this.#liveBytes;
    const budget = this.#budgetBytes;
    return Math.min(live * GROWTH + BYTES_STEP, Math.max((live + budget) / 2, live + budget / BUDGET_STEPS));
  }

  created(byteLength: number): void {
    this.#liveCount++;
    this.#liveBytes += byteLength;
    if (!this.#due && (this.#liveCount > this.#countMax || this.#liveBytes > this.#bytesMax)) {
      this.#due = true;
      this.#collect();
    }
  }

  /** Finalizers run some time after a collection: each lowers the next limit to what then lives. */
  released(byteLength: number): void {
    this.#liveCount--;
    this.#liveBytes -= byteLength;
    this.#countMax = Math.min(this.#countMax, this.#liveCount * GROWTH + COUNT_STEP);
    this.#bytesMax = Math.min(this.#bytesMax, this.#bytesLimit());
  }

  /** Of an object that lives on: no collection is behind this, and the limits stay. */
  emptied(byteLength: number): void {
    this.#liveBytes -= byteLength;
  }

  /** To be called after a collection. */
  collected(): void {
    this.#due = false;
    this.#countMax = this.#liveCount * GROWTH + COUNT_STEP;
    this.#bytesMax = this.#bytesLimit();
  }
}

/**
 * Objects that a program drops are released on the host when the collector has found them. The
 * collector sees only the small guest halves, so it is told of the host's: like a heap's own limit,
 * the next collection is due when objects or bytes have grown by half since the last one.
 */
const COUNT_STEP = 16_384;
const BYTES_STEP = 128 << 20;
const GROWTH = 1.5;

export class GarbagePressure {
  readonly #collect: () => void;
  #liveCount = 0;
  #liveBytes = 0;
  #countMax = COUNT_STEP;
  #bytesMax = BYTES_STEP;
  #due = false;

  /** `collect` starts a collection outside of any call into the driver. */
  constructor(collect: () => void) {
    this.#collect = collect;
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
    this.#bytesMax = Math.min(this.#bytesMax, this.#liveBytes * GROWTH + BYTES_STEP);
  }

  /** Of an object that lives on: no collection is behind this, and the limits stay. */
  emptied(byteLength: number): void {
    this.#liveBytes -= byteLength;
  }

  /** To be called after a collection. */
  collected(): void {
    this.#due = false;
    this.#countMax = this.#liveCount * GROWTH + COUNT_STEP;
    this.#bytesMax = this.#liveBytes * GROWTH + BYTES_STEP;
  }
}

/** Released objects whose native part awaits finalization. */
const COUNT_MAX = 8192;
/** Bytes behind them that only finalization gives back. */
const BYTES_MAX = 64 * 2 ** 20;
/** Collections may take this part of the time between them. */
const TIME_SHARE_MAX = 1 / 20;
/** Beyond this many times the limits memory matters more than time. */
const URGENT_FACTOR = 4;

/**
 * Decides when to force a collection, for implementations that free native objects by garbage
 * collection alone: the collector sees small wrappers and would let megabytes of native memory wait.
 */
export class Garbage {
  readonly #collect: ((collected: () => void) => void) | null;
  readonly #collected: () => void;
  readonly #nowMs: () => number;
  #count = 0;
  #bytes = 0;
  #notBeforeMs = 0;

  constructor(options: { readonly collect: ((collected: () => void) => void) | null; readonly collected: () => void; readonly nowMs: () => number }) {
    this.#collect = options.collect;
    this.#collected = options.collected;
    this.#nowMs = options.nowMs;
  }

  /** `count` native objects have lost their last user. */
  add(count: number, bytes: number): void {
    this.#count += count;
    this.#bytes += bytes;
    if (this.#count > COUNT_MAX || this.#bytes > BYTES_MAX) this.#consider();
  }

  #consider(): void {
    if (this.#collect === null) return;
    const isUrgent = this.#count > URGENT_FACTOR * COUNT_MAX || this.#bytes > URGENT_FACTOR * BYTES_MAX;
    const startMs = this.#nowMs();
    if (!isUrgent && startMs < this.#notBeforeMs) return;
    this.#collect(this.#collected);
    const endMs = this.#nowMs();
    this.#notBeforeMs = endMs + (endMs - startMs) / TIME_SHARE_MAX;
    this.#count = 0;
    this.#bytes = 0;
  }
}

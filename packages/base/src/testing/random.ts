/** A small seeded generator (mulberry32): a failing seed is the whole reproduction. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  /** An integer from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  word(): number {
    return Math.floor(this.#next() * 2 ** 32);
  }

  /** Mostly small, sometimes close to `most`: as lengths are. */
  skewed(most: number): number {
    return Math.floor(most ** this.#next());
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** Seeds that once failed stay; one more is new each day. */
export function seeds(...regressionSeeds: number[]): number[] {
  return [...regressionSeeds, Math.floor(Date.now() / 86_400_000)];
}

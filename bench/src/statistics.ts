/** Medians and their intervals, without any assumption on how figures scatter: benchmarks' scatter has long tails. */
export interface Summary {
  readonly median: number;
  /** 95 % interval of the median. */
  readonly interval: Interval;
}

export type Interval = readonly [low: number, high: number];

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/**
 * The interval is one of order statistics: how many of n values fall below the true median is binomial. Fewer
 * than 6 values cannot give 95 %; their whole range is given, which has 94 % for 5 of them.
 */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  const rank = lowerRank(n);
  return { median: median(sorted), interval: [sorted[rank] as number, sorted[n - 1 - rank] as number] };
}

/** The largest rank r (from 0) with P(fewer than r + 1 of n values are below the median) at most 2.5 %; at least 0. */
function lowerRank(n: number): number {
  let probability = 0.5 ** n;
  let cumulated = probability;
  let rank = 0;
  while (cumulated <= 0.025) {
    rank++;
    probability = (probability * (n - rank + 1)) / rank;
    cumulated += probability;
  }
  return Math.max(0, rank - 1);
}

/** One alternation: what two contestants gave within seconds of each other. */
export type Pair = readonly [numerator: number, denominator: number];

const RESAMPLE_COUNT = 4000;

/**
 * The ratio of two medians, and its 95 % interval by bootstrap: whole alternations are drawn, because what
 * disturbs a machine disturbs neighbours alike. The same pairs give the same interval.
 */
export function ratioOf(pairs: readonly Pair[]): { readonly ratio: number; readonly interval: Interval } {
  const random = seeded(2026);
  const ratioAmong = (drawn: readonly Pair[]): number => median(drawn.map(([a]) => a)) / median(drawn.map(([, b]) => b));
  const ratios: number[] = [];
  for (let i = 0; i < RESAMPLE_COUNT; i++) {
    ratios.push(ratioAmong(pairs.map(() => pairs[Math.floor(random() * pairs.length)] as Pair)));
  }
  ratios.sort((a, b) => a - b);
  const at = (quantile: number): number => ratios[Math.min(RESAMPLE_COUNT - 1, Math.floor(quantile * RESAMPLE_COUNT))] as number;
  return { ratio: ratioAmong(pairs), interval: [at(0.025), at(0.975)] };
}

/** Numbers from 0 to below 1 (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

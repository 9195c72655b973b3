export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** Null where nothing was counted. Of a host's histogram: bucket i counts what is below 2^i and not below the bucket before. */
export function percentiles(buckets: readonly number[]): Percentiles | null {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  return total === 0 ? null : { p50: percentile(buckets, 0.5 * total), p99: percentile(buckets, 0.99 * total) };
}

/** As far into its bucket as `rank` is, in equal steps of ratio: right to a factor of two. The last bucket has no upper end, so its lower one is told. */
function percentile(buckets: readonly number[], rank: number): number {
  let below = 0;
  for (const [index, count] of buckets.entries()) {
    if (count > 0 && below + count >= rank) {
      if (index === buckets.length - 1) return 2 ** (index - 1);
      const part = (rank - below) / count;
      return index === 0 ? part : 2 ** (index - 1 + part);
    }
    below += count;
  }
  return 0;
}

/** Median, and a 95 % interval of it by the order statistics of the binomial distribution (no normality assumed). */
export interface Summary {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  const middle = n % 2 === 1 ? (sorted[(n - 1) / 2] as number) : ((sorted[n / 2 - 1] as number) + (sorted[n / 2] as number)) / 2;
  const reach = Math.ceil((1.96 * Math.sqrt(n)) / 2);
  return {
    median: middle,
    low: sorted[Math.max(0, Math.floor(n / 2) - reach)] as number,
    high: sorted[Math.min(n - 1, Math.ceil(n / 2) + reach - (n % 2 === 1 ? 0 : 1))] as number,
  };
}

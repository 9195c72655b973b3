/** What is made of counts: shares, and how equal they are. */

/** Of one guest: submits finished in so many ms. */
export interface Pace {
  readonly submitCount: number;
  readonly windowMs: number;
}

/** What a guest has done, as part of what it does alone in the same time. No number where it does nothing alone. */
export function shareOf(together: Pace, alone: readonly Pace[]): number {
  const aloneCount = sum(alone.map(({ submitCount }) => submitCount));
  const aloneMs = sum(alone.map(({ windowMs }) => windowMs));
  if (aloneCount === 0) return Number.NaN;
  return together.submitCount / together.windowMs / (aloneCount / aloneMs);
}

/** Jain's index: 1 where all are equal, 1/n where one has everything. */
export function jainIndex(shares: readonly number[]): number {
  const squares = sum(shares.map((share) => share ** 2));
  return squares === 0 ? 0 : sum(shares) ** 2 / (shares.length * squares);
}

/** How far the farthest one is from what it was promised, in points (hundredths of the whole). */
export function pointsOff(shares: readonly number[], promised: readonly number[]): number {
  return Math.max(...shares.map((share, i) => Math.abs(share - (promised[i] as number)) * 100));
}

/** By nearest rank: a figure that was really seen. No number where there was none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(part * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}

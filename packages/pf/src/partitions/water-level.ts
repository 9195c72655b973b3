/** How one claimant of a divisible whole stands: it has its floor in any case, and wants no more than its ceiling. */
export interface Span {
  readonly floor: number;
  readonly ceiling: number;
}

/**
 * Divides a whole among claimants like water in vessels of unlike floors and ceilings: one level for all, as high as there
 * is water. This is max-min fair: nobody could have more without taking it from somebody who has no more than they.
 *
 * Given whole numbers with floor <= ceiling and floors that fit into the total, holds:
 *   - floor <= level <= ceiling for each, in whole numbers.
 *   - The levels add up to the total, or everybody has their ceiling.
 *   - It depends on the arguments alone. Units that do not divide evenly go to those who come first.
 */
export function waterLevels(total: number, spans: readonly Span[]): number[] {
  const level = highestLevel(total, spans);
  const levels = spans.map((span) => held(span, level));
  let left = total - sum(levels);
  for (const [index, { ceiling }] of spans.entries()) {
    if (left <= 0) break;
    if (levels[index] !== level || level >= ceiling) continue;
    levels[index] = level + 1;
    left--;
  }
  return levels;
}

/** The highest whole level at which there is enough for all; by bisection, since more level never takes less water. */
function highestLevel(total: number, spans: readonly Span[]): number {
  let low = 0;
  let high = total;
  while (low < high) {
    const middle = low + Math.ceil((high - low) / 2);
    if (sum(spans.map((span) => held(span, middle))) <= total) low = middle;
    else high = middle - 1;
  }
  return low;
}

function held({ floor, ceiling }: Span, level: number): number {
  return Math.min(Math.max(level, floor), ceiling);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

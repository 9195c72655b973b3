/**
 * Parts of an adapter's time as whole numbers: six times a sixth must be the whole, which no binary fraction gives.
 *
 * Outside, a part is a JSON number of 1 (0.25); inside, so many of COMPUTE_PARTS. Each whole number survives the way
 * out and back in.
 */

// 2^7 x 3^2 x 5^4 x 7: halves down to 1/128, every denominator to 10, and four decimals are exact.
export const COMPUTE_PARTS = 5_040_000;

export function partsOf(share: number): number {
  return Math.round(share * COMPUTE_PARTS);
}

export function shareOf(parts: number): number {
  return parts / COMPUTE_PARTS;
}

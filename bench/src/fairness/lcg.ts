/**
 * The sequence that the GPU computes: its words depend on each other, so no step can be left out, and yet whoever knows
 * how many steps there were can say the result without taking them.
 */

/** One step: word * MULTIPLIER + INCREMENT (mod 2^32). The constants are those of Numerical Recipes. */
export const MULTIPLIER = 1664525;
export const INCREMENT = 1013904223;

/** So many steps at once, as one multiplication and one addition. */
export interface Jump {
  readonly multiplier: number;
  readonly increment: number;
}

/** By squaring: a jump after a jump is a jump. */
export function jumpOf(stepCount: number): Jump {
  let result: Jump = { multiplier: 1, increment: 0 };
  let power: Jump = { multiplier: MULTIPLIER, increment: INCREMENT };
  // Counts may be beyond 2^32, where bit operations end.
  for (let left = stepCount; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = followedBy(result, power);
    power = followedBy(power, power);
  }
  return result;
}

export function jumped(word: number, { multiplier, increment }: Jump): number {
  return (Math.imul(word, multiplier) + increment) >>> 0;
}

function followedBy(first: Jump, second: Jump): Jump {
  return {
    multiplier: Math.imul(first.multiplier, second.multiplier) >>> 0,
    increment: (Math.imul(first.increment, second.multiplier) + second.increment) >>> 0,
  };
}

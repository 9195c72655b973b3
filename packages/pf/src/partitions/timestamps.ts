import type { TimestampClass } from '../actions.ts';

/** From those that tell a guest least. */
export const TIMESTAMP_CLASSES = ['none', 'coarse', 'fine'] as const satisfies readonly TimestampClass[];

export function isCoarser(one: TimestampClass, other: TimestampClass): boolean {
  return TIMESTAMP_CLASSES.indexOf(one) < TIMESTAMP_CLASSES.indexOf(other);
}

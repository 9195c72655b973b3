import type { Random } from '@gpup/base/testing';

/** `list` is not empty. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)] as T;
}

export function pickOrNull<T>(random: Random, list: readonly T[]): T | null {
  return list.length === 0 ? null : pick(random, list);
}

/** True once in `count` times. */
export function oneIn(random: Random, count: number): boolean {
  return random.below(count) === 0;
}

/** By weight; null where nothing has any. */
export function pickWeighted<T>(random: Random, list: readonly { readonly weight: number; readonly value: T }[]): T | null {
  let left = random.below(list.reduce((sum, { weight }) => sum + weight, 0));
  for (const { weight, value } of list) {
    if (left < weight) return value;
    left -= weight;
  }
  return null;
}

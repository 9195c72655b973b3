import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Random, seeds } from '@gpup/base/testing';
import { type Span, waterLevels } from './water-level.ts';

for (const [what, total, spans, expected] of [
  ['nobody', 10, [], []],
  ['one that wants all', 10, [[0, 10]], [10]],
  ['one that wants less than all', 10, [[0, 4]], [4]],
  ['two equal ones', 10, [[0, 10], [0, 10]], [5, 5]],
  ['three equal ones, to whom the odd unit does not divide', 10, [[0, 10], [0, 10], [0, 10]], [4, 3, 3]],
  ['a modest one first', 10, [[0, 10], [0, 2]], [8, 2]],
  ['a floor above the level', 10, [[0, 10], [8, 9]], [2, 8]],
  ['floors that take all', 10, [[4, 10], [6, 10]], [4, 6]],
  ['nothing to divide', 0, [[0, 10], [0, 0]], [0, 0]],
  ['bytes of the largest adapter', 2 ** 40, [[0, 2 ** 40], [0, 2 ** 40], [1, 1]], [2 ** 39, 2 ** 39 - 1, 1]],
] as const) {
  test(`divides among ${what}`, () => {
    deepEqual(waterLevels(total, spans.map(([floor, ceiling]) => ({ floor, ceiling }))), expected);
  });
}

for (const seed of seeds(7, 2026)) {
  test(`agrees with handing out unit by unit to whoever has least, seed ${seed}`, () => {
    const random = new Random(seed);
    for (let round = 0; round < 2_000; round++) {
      const spans = Array.from({ length: random.below(8) }, () => {
        const floor = random.below(12);
        return { floor, ceiling: floor + random.below(30) };
      });
      const total = spans.reduce((sum, { floor }) => sum + floor, 0) + random.below(60);
      deepEqual(waterLevels(total, spans), unitByUnit(total, spans));
    }
  });
}

function unitByUnit(total: number, spans: readonly Span[]): number[] {
  const levels = spans.map(({ floor }) => floor);
  for (let left = total - levels.reduce((sum, level) => sum + level, 0); left > 0; left--) {
    const least = levels.reduce<number | undefined>((best, level, index) => {
      if (level >= (spans[index] as Span).ceiling) return best;
      return best === undefined || level < (levels[best] as number) ? index : best;
    }, undefined);
    if (least === undefined) break;
    levels[least] = (levels[least] as number) + 1;
  }
  return levels;
}

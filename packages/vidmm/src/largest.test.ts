import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { largest } from './largest.ts';
import { Random } from '@gpup/base/testing';

const identity = (bytes: number): number => bytes;

test('the largest come first, and of equal ones the earlier', () => {
  const items = [[1, 'a'], [3, 'b'], [2, 'c'], [3, 'd']] as const;
  deepEqual(largest(items, 3, ([bytes]) => bytes).map(([, name]) => name), ['b', 'd', 'c']);
});

for (const countMax of [0, 1, 9, 10, 11]) {
  test(`${countMax} of ten are the first ${countMax} of the sorted ones`, () => {
    const random = new Random(7);
    const items = Array.from({ length: 10 }, () => random.below(8));
    deepEqual(largest(items, countMax, identity), [...items].sort((a, b) => b - a).slice(0, countMax));
  });
}

import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { Random, seeds } from '@gpup/base/testing';
import { percentiles } from './percentile.ts';

const BUCKET_COUNT = 12;

function histogram(values: readonly number[]): number[] {
  const buckets = new Array<number>(BUCKET_COUNT).fill(0);
  for (const value of values) {
    const bucket = value < 1 ? 0 : Math.min(BUCKET_COUNT - 1, Math.floor(Math.log2(value)) + 1);
    buckets[bucket] = (buckets[bucket] as number) + 1;
  }
  return buckets;
}

test('of nothing there is none', () => {
  equal(percentiles([]), null);
  equal(percentiles([0, 0, 0]), null);
});

test('one value is within its bucket', () => {
  for (const [value, from, to] of [[0, 0, 1], [1, 1, 2], [2, 2, 4], [3.9, 2, 4], [4, 4, 8]] as const) {
    const found = percentiles(histogram([value]));
    ok(found !== null && from <= found.p50 && found.p50 <= found.p99 && found.p99 <= to, JSON.stringify([value, found]));
  }
});

test('in equal steps of ratio within a bucket: half of it is the geometric mean of its ends', () => {
  deepEqual(percentiles([0, 0, 0, 100, 0]), { p50: 2 ** 2.5, p99: 2 ** 2.99 });
});

test('where a bucket ends with just the rank, the next one is not asked', () => {
  deepEqual(percentiles([0, 1, 1, 0])?.p50, 2);
  ok((percentiles([0, 1, 2, 0])?.p50 ?? 0) > 2);
});

test('the last bucket tells its lower end', () => deepEqual(percentiles(histogram([1e9])), { p50: 2 ** (BUCKET_COUNT - 2), p99: 2 ** (BUCKET_COUNT - 2) }));

for (const seed of seeds(7, 2026)) {
  test(`right to a factor of two, seed ${seed}`, () => {
    const random = new Random(seed);
    for (let round = 0; round < 300; round++) {
      const values = Array.from({ length: random.between(1, 200) }, () => random.skewed(2 ** (BUCKET_COUNT - 2))).sort((a, b) => a - b);
      const found = percentiles(histogram(values));
      for (const [part, estimate] of [[0.5, found?.p50], [0.99, found?.p99]] as const) {
        const value = values[Math.ceil(part * values.length) - 1] as number;
        ok(estimate !== undefined && estimate <= 2 * Math.max(1, value) && estimate >= (value < 1 ? 0 : value / 2), JSON.stringify({ part, value, estimate }));
      }
    }
  });
}

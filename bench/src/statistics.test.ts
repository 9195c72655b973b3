import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { type Pair, median, ratioOf, summarize } from './statistics.ts';

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

test('a median is the middle value, or the mean of the two in the middle', () => {
  equal(median([3, 1, 2]), 2);
  equal(median([4, 1, 3, 2]), 2.5);
  equal(median([7]), 7);
});

// Ranks as in any table of nonparametric confidence intervals for a median.
for (const [n, low] of [[1, 1], [2, 1], [5, 1], [6, 1], [8, 1], [9, 2], [11, 2], [12, 3], [15, 4], [20, 6], [30, 10], [100, 40]] as const) {
  test(`the 95 % interval of ${n} values goes from the value of rank ${low} to that of rank ${n + 1 - low}`, () => {
    deepEqual(summarize(upTo(n).reverse()).interval, [low, n + 1 - low]);
  });
}

test('a ratio of things that scatter together is known better than either', () => {
  // Both swing by a factor of two, and the second is always twice the first.
  const pairs = upTo(20).map((i): Pair => [1 + (i % 5) / 4, 2 + (i % 5) / 2]);
  const { ratio, interval } = ratioOf(pairs);
  equal(ratio, 0.5);
  deepEqual(interval, [0.5, 0.5]);
});

test('the interval of a ratio holds the ratio, widens with the scatter, and is the same each time', () => {
  const scattered = (width: number): Pair[] => upTo(20).map((i): Pair => [10 + width * ((i * 7) % 11), 10 + width * ((i * 3) % 13)]);
  const [narrow, wide] = [ratioOf(scattered(0.01)), ratioOf(scattered(0.3))];
  for (const { ratio, interval: [low, high] } of [narrow, wide]) ok(low <= ratio && ratio <= high);
  ok(narrow.interval[1] - narrow.interval[0] < wide.interval[1] - wide.interval[0]);
  deepEqual(ratioOf(scattered(0.3)), wide);
});

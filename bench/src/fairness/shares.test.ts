import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { jainIndex, percentile, pointsOff, shareOf } from './shares.ts';

const near = (actual: number, expected: number): void => ok(Math.abs(actual - expected) < 1e-12, `${actual} is not ${expected}`);

test('a share is of what the guest does alone in the same time, however long it was watched', () => {
  near(shareOf({ submitCount: 250, windowMs: 1000 }, [{ submitCount: 500, windowMs: 1000 }]), 0.5);
  near(shareOf({ submitCount: 250, windowMs: 1000 }, [{ submitCount: 240, windowMs: 500 }, { submitCount: 260, windowMs: 500 }]), 0.5);
  equal(shareOf({ submitCount: 1, windowMs: 1 }, [{ submitCount: 0, windowMs: 1 }]), Number.NaN);
});

for (const n of [1, 2, 8]) {
  test(`Jain's index of ${n} is 1 for equal shares, whatever they are, and 1/${n} where one has everything`, () => {
    near(jainIndex(Array(n).fill(0.03)), 1);
    near(jainIndex([1, ...Array(n - 1).fill(0)]), 1 / n);
  });
}

test("Jain's index of a guest with four contexts beside simple ones", () => {
  near(jainIndex([4 / 5, 1 / 5]), 25 / 34);
  near(jainIndex([4 / 7, 1 / 7, 1 / 7, 1 / 7]), 49 / 76);
  equal(jainIndex([0, 0]), 0);
});

test('the farthest from its promise decides, above or below', () => {
  near(pointsOff([0.5, 0.23, 0.25], [0.5, 0.25, 0.25]), 2);
  near(pointsOff([0.53, 0.25], [0.5, 0.25]), 3);
});

test('a percentile is a value that was seen', () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  equal(percentile(values, 0.5), 50);
  equal(percentile(values, 0.99), 99);
  equal(percentile(values, 1), 100);
  equal(percentile([7], 0.99), 7);
  equal(percentile(values.slice(0, 99), 0.99), 100);
  equal(percentile([], 0.5), Number.NaN);
});

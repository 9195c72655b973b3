import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { judged } from './outcome.ts';

for (const [sign, value, isReached] of [['≥', 0.99, true], ['≥', 0.98999, false], ['≤', 0.8, true], ['≤', 0.80001, false], ['≥', Number.NaN, false], ['≤', Number.NaN, false]] as const) {
  test(`${value} ${isReached ? 'reaches' : 'does not reach'} a bar that wants ${sign}`, () => {
    equal(judged('x', value, { bar: { sign, limit: sign === '≥' ? 0.99 : 0.8 } }).isReached, isReached);
  });
}

test('nothing is asked of a figure without a bar', () => {
  equal(judged('x', 0.5).isReached, undefined);
});

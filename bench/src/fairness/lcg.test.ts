import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { INCREMENT, MULTIPLIER, jumpOf, jumped } from './lcg.ts';

for (const stepCount of [0, 1, 2, 3, 255, 256, 1000]) {
  test(`a jump of ${stepCount} is as many steps`, () => {
    for (const start of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
      let word = start;
      for (let i = 0; i < stepCount; i++) word = (Math.imul(word, MULTIPLIER) + INCREMENT) >>> 0;
      equal(jumped(start, jumpOf(stepCount)), word);
    }
  });
}

test('the sequence begins anew after 2^32 steps, and not after half of them', () => {
  equal(jumped(12345, jumpOf(2 ** 32)), 12345);
  equal(jumped(12345, jumpOf(2 ** 32 + 1)), jumped(12345, jumpOf(1)));
  equal(jumped(12345, jumpOf(2 ** 31)) === 12345, false);
});

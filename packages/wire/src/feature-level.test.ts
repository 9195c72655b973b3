import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { FEATURE_LEVEL, FEATURE_LEVEL_MIN, FEATURE_LEVELS, formatFeatureLevel, negotiateFeatureLevel } from './feature-level.ts';

// Both sides of each boundary, the guest's level against a host that offers 2.9.
for (const [guest, expected] of [[0, null], [23, null], [24, 24], [28, 24], [29, 29], [31, 29], [32, 29], [0xffffffff, 29]] as const) {
  test(`a guest of level ${guest} meets a host of level 29 at ${expected}`, () => {
    equal(negotiateFeatureLevel(guest, 29), expected);
    equal(negotiateFeatureLevel(29, guest), expected);
  });
}

test('what this release offers is a level that has a name', () => {
  equal(Object.values<number>(FEATURE_LEVELS).includes(FEATURE_LEVEL), true);
  equal(FEATURE_LEVEL_MIN, Math.min(...Object.values(FEATURE_LEVELS)));
});

test('levels are written as the generations are', () => {
  equal(formatFeatureLevel(24), '2.4');
  equal(formatFeatureLevel(32), '3.2');
});

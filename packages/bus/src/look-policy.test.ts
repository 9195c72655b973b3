import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { LookPolicy } from './look-policy.ts';

const TIMES = { spinMs: 0.02, lookMs: 1, napMsMax: 0.1 };

test('nobody looks before there was something', () => {
  equal(new LookPolicy(TIMES).nextLookMs(5), null);
});

test('looks follow each other at once at first, then naps come between them, longer and longer, then sleep', () => {
  const policy = new LookPolicy(TIMES);
  policy.idle(10);
  deepEqual([10, 10.0125, 10.0625, 10.125, 10.5, 10.9375, 11, 11.5].map((nowMs) => policy.nextLookMs(nowMs)), [0, 0, 0.01, 0.015625, 0.0625, 0.1, null, null]);
});

test('a find starts the looking anew', () => {
  const policy = new LookPolicy(TIMES);
  policy.idle(0);
  policy.idle(2);
  equal(policy.nextLookMs(2.0125), 0);
});

test('a look that is given up is over', () => {
  const policy = new LookPolicy(TIMES);
  policy.idle(0);
  equal(policy.nextLookMs(0.01), 0);
  policy.giveUp();
  equal(policy.nextLookMs(0.01), null);
});

/** Which of `count` occasions begin with a spin, and how many of those spins find something; answers come after `answerMs`. */
function spins(count: number, answerMs: number): { readonly tried: number; readonly found: number } {
  const policy = new LookPolicy(TIMES);
  let tried = 0;
  let found = 0;
  let nowMs = 0;
  for (let i = 0; i < count; i += 1) {
    policy.idle(nowMs);
    const isSpin = policy.nextLookMs(nowMs) === 0;
    if (isSpin) tried += 1;
    if (isSpin && answerMs < TIMES.spinMs) found += 1;
    const endMs = nowMs + answerMs;
    for (; nowMs < endMs; nowMs += 0.005) policy.nextLookMs(nowMs);
    policy.found();
  }
  return { tried, found };
}

test('where nobody naps, one that does not spin sleeps at once', () => {
  const policy = new LookPolicy({ spinMs: 0.02, lookMs: 0.02, napMsMax: 0 });
  const looks = (): (number | null)[] => {
    policy.idle(0);
    return [0, 0.01, 0.02].map((nowMs) => policy.nextLookMs(nowMs));
  };
  deepEqual([looks(), looks(), looks(), looks()], [[0, 0, null], [null, null, null], [null, null, null], [0, 0, null]]);
});

test('where answers come within microseconds every occasion begins with a spin', () => {
  deepEqual(spins(1000, 0.01), { tried: 1000, found: 1000 });
});

test('where spins are in vain they are tried ever more rarely', () => {
  const { tried, found } = spins(10_000, 0.05);
  equal(found, 0);
  // After 2, 4, ... 256 occasions for the first eight, then after each 256.
  equal(tried <= 9 + 10_000 / 256, true, `${tried} spins`);
});

import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { type SchedulingPolicy, type SchedulingTerms, UNASSIGNED, promisedShare, weightsOf } from './policy.ts';

function termsOf(policy: SchedulingPolicy, shares: Readonly<Record<string, number>>): SchedulingTerms {
  return { policy, sliceUs: 10_000, partitions: new Map(Object.entries(shares).map(([name, share]) => [name, { share, isInteractive: false }])) };
}

const running = new Set(['a', 'b']);

test('under equal-share those that run weigh the same', () => {
  const terms = termsOf('equal-share', { a: 0.9, b: 0.1, c: 0 });
  deepEqual([...weightsOf(terms, running)], [['a', 1], ['b', 1]]);
  deepEqual(['a', 'b', 'c'].map((name) => promisedShare(terms, running, name)), [1 / 2, 1 / 2, 1 / 3]);
});

test('under fixed-share everybody weighs what they were promised, whether they run or not, and so does what nobody has', () => {
  const terms = termsOf('fixed-share', { a: 0.5, b: 0.125, c: 0.125, d: 0 });
  deepEqual([...weightsOf(terms, running)], [['a', 0.5], ['b', 0.125], ['c', 0.125], [UNASSIGNED, 0.25]]);
  deepEqual(['a', 'c', 'd', 'e'].map((name) => promisedShare(terms, running, name)), [0.5, 0.125, 0, 0]);
});

test('sixths are the whole, although no sixth is a binary number', () => {
  const sixths = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [name, 1 / 6]));
  equal(weightsOf(termsOf('fixed-share', sixths), running).has(UNASSIGNED), false);
});

test('best-effort promises nothing', () => {
  const terms = termsOf('best-effort', { a: 0.5, b: 0.5 });
  equal(promisedShare(terms, running, 'a'), null);
  deepEqual([...weightsOf(terms, running).values()], [1, 1]);
});

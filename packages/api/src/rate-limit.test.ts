import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { RateLimit } from './rate-limit.ts';

const limits = { requestBurstMax: 2, requestsPerSecond: 10, peersMax: 3 };

test('a bucket empties, tells how long to wait, and fills to the brim and no further', () => {
  let nowMs = 0;
  const rate = new RateLimit(limits, () => nowMs);
  deepEqual([rate.waitMs('a'), rate.waitMs('a'), rate.waitMs('a')], [0, 0, 100]);
  nowMs = 99;
  equal(rate.waitMs('a'), 1);
  nowMs = 100;
  equal(rate.waitMs('a'), 0);
  nowMs = 1e9;
  deepEqual([rate.waitMs('a'), rate.waitMs('a'), rate.waitMs('a')], [0, 0, 100]);
});

test('peers do not share', () => {
  const rate = new RateLimit(limits, () => 0);
  deepEqual(['a', 'a', 'a', 'b'].map((peer) => rate.waitMs(peer)), [0, 0, 100, 0]);
});

test('the peer that asked longest ago is forgotten beyond the limit', () => {
  const rate = new RateLimit(limits, () => 0);
  for (const peer of ['a', 'a', 'b', 'c', 'a', 'd']) rate.waitMs(peer);
  equal(rate.peerCount, 3);
  // `b` was forgotten and starts anew; `a` has asked since, and still waits.
  deepEqual([rate.waitMs('a'), rate.waitMs('b')], [100, 0]);
});

import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { LookPolicy } from './look-policy.ts';

/** A receiver whose peer answers after `answerMs`; a look of ours takes the core from a peer that shares it. */
function lookCounts(answerMs: number, isCoreShared: boolean, answerCount: number): { found: number; vain: number } {
  const policy = new LookPolicy();
  let nowMs = 0;
  let found = 0;
  let vain = 0;
  for (let count = 0; count < answerCount; count += 1) {
    policy.idle(nowMs);
    let waitedMs = 0;
    let hasLooked = false;
    while (policy.goesOn(nowMs + waitedMs)) {
      hasLooked = true;
      if (!isCoreShared && waitedMs >= answerMs) break;
      waitedMs += 0.002;
    }
    const isFound = hasLooked && !isCoreShared && waitedMs >= answerMs && waitedMs < 0.05;
    if (isFound) found += 1;
    else if (hasLooked) vain += 1;
    nowMs += isCoreShared ? waitedMs + answerMs : Math.max(waitedMs, answerMs);
    if (!isFound) policy.woken(nowMs);
  }
  return { found, vain };
}

test('a peer that answers soon on another core is always looked for', () => {
  deepEqual(lookCounts(0.01, false, 1000), { found: 1000, vain: 0 });
});

test('a peer that answers late is looked for once', () => {
  deepEqual(lookCounts(16, false, 1000), { found: 0, vain: 1 });
});

test('a peer that shares our core is looked for ever more rarely', () => {
  const { found, vain } = lookCounts(0.01, true, 10_000);
  equal(found, 0);
  // 2 + 4 + ... + 256 answers for the first eight, then one in 256.
  equal(vain <= 8 + 10_000 / 256, true);
});

test('a look that is given up is held against nobody', () => {
  const policy = new LookPolicy();
  policy.idle(0);
  equal(policy.goesOn(0.01), true);
  policy.giveUp();
  equal(policy.goesOn(0.02), false);
  policy.idle(1);
  equal(policy.goesOn(1.01), true);
});

import { deepEqual, match } from 'node:assert/strict';
import { test } from 'node:test';
import { TDR_DEFAULTS, type TdrObservation, judge, tdrMessage } from './tdr-policy.ts';

const nothing: TdrObservation = { submitSinceMs: null, threadSinceMs: null, pingSinceMs: null };
const nowMs = 1_000_000;

for (const kind of ['hardware', 'software'] as const) {
  const limits = TDR_DEFAULTS[kind];
  for (const [why, field, limitMs] of [
    ['submit', 'submitSinceMs', limits.delayMs],
    ['thread', 'threadSinceMs', limits.ddiDelayMs],
    ['ping', 'pingSinceMs', limits.ddiDelayMs],
  ] as const) {
    for (const waitedMs of [0, limitMs - 1, limitMs]) {
      test(`on ${kind} a ${why} of ${waitedMs} ms is in time`, () => {
        deepEqual(judge({ ...nothing, [field]: nowMs - waitedMs }, limits, nowMs), { kind: 'ok' });
      });
    }
    test(`on ${kind} a ${why} of ${limitMs + 1} ms is too long`, () => {
      deepEqual(judge({ ...nothing, [field]: nowMs - limitMs - 1 }, limits, nowMs), { kind: 'tdr', why, waitedMs: limitMs + 1, limitMs });
    });
  }
}

test('a context for which nothing waits is in time', () => deepEqual(judge(nothing, TDR_DEFAULTS.hardware, nowMs), { kind: 'ok' }));

test('a time that is still to come, as only a liar writes it, is in time', () => {
  deepEqual(judge({ ...nothing, submitSinceMs: nowMs + 1e9, threadSinceMs: Number.NaN }, TDR_DEFAULTS.hardware, nowMs), { kind: 'ok' });
});

test('of several waits that are too long the one that says most is named', () => {
  const all = { submitSinceMs: 0, threadSinceMs: 0, pingSinceMs: 0 };
  for (const [observation, why] of [
    [all, 'submit'],
    [{ ...all, submitSinceMs: null }, 'thread'],
    [{ ...all, submitSinceMs: nowMs - 2_000, threadSinceMs: nowMs - 5_000 }, 'ping'],
  ] as const) {
    const verdict = judge(observation, TDR_DEFAULTS.hardware, nowMs);
    deepEqual(verdict.kind === 'tdr' && verdict.why, why);
  }
});

test('the message names what waited, how long, and the limit', () => {
  for (const why of ['submit', 'thread', 'ping'] as const) match(tdrMessage({ kind: 'tdr', why, waitedMs: 2345, limitMs: 2000 }), /2345 ms.*\(2000 ms\)/);
});

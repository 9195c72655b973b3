import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { TDR_DEFAULTS, type TdrObservation, judge, tdrMessage } from './tdr-policy.ts';

const nowMs = 1_000_000;
const nothing: TdrObservation = { seenMs: nowMs, submitSinceMs: null, submitCount: 1, compileSinceMs: null, threadSinceMs: null, pingSinceMs: null };

for (const kind of ['hardware', 'software'] as const) {
  const limits = TDR_DEFAULTS[kind];
  for (const [why, field, limitMs] of [
    ['submit', 'submitSinceMs', limits.delayMs],
    ['compile', 'compileSinceMs', limits.ddiDelayMs],
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

test('submits that finish as one may each take as long as one may', () => {
  const { delayMs } = TDR_DEFAULTS.hardware;
  for (const [waitedMs, kind] of [[3 * delayMs, 'ok'], [3 * delayMs + 1, 'tdr']] as const) {
    equal(judge({ ...nothing, submitCount: 3, submitSinceMs: nowMs - waitedMs }, TDR_DEFAULTS.hardware, nowMs).kind, kind);
  }
});

test('what a VF would have to look for is late only when it has looked, and what it cannot do meanwhile at once', () => {
  const longAgo = { ...nothing, seenMs: nowMs - 10_000 };
  for (const field of ['submitSinceMs', 'compileSinceMs'] as const) {
    equal(judge({ ...longAgo, [field]: nowMs - 11_000 }, TDR_DEFAULTS.hardware, nowMs).kind, 'ok');
    equal(judge({ ...longAgo, [field]: nowMs - 16_000 }, TDR_DEFAULTS.hardware, nowMs).kind, 'tdr');
  }
  equal(judge({ ...longAgo, threadSinceMs: nowMs - 11_000 }, TDR_DEFAULTS.hardware, nowMs).kind, 'tdr');
});

test('a context for which nothing waits is in time', () => deepEqual(judge(nothing, TDR_DEFAULTS.hardware, nowMs), { kind: 'ok' }));

test('a time that is still to come, as only a liar writes it, is in time', () => {
  deepEqual(judge({ ...nothing, submitSinceMs: nowMs + 1e9, threadSinceMs: Number.NaN }, TDR_DEFAULTS.hardware, nowMs), { kind: 'ok' });
});

test('of several waits that are too long the one that says most is named', () => {
  const all = { ...nothing, submitSinceMs: 0, compileSinceMs: 0, threadSinceMs: 0, pingSinceMs: 0 };
  for (const [observation, why] of [
    [all, 'submit'],
    [{ ...all, submitSinceMs: null }, 'compile'],
    [{ ...all, submitSinceMs: null, compileSinceMs: null }, 'thread'],
    [{ ...all, submitSinceMs: nowMs - 2_000, compileSinceMs: nowMs - 5_000, threadSinceMs: nowMs - 5_000 }, 'ping'],
  ] as const) {
    const verdict = judge(observation, TDR_DEFAULTS.hardware, nowMs);
    deepEqual(verdict.kind === 'tdr' && verdict.why, why);
  }
});

test('the message names what waited, how long, and the limit', () => {
  for (const why of ['submit', 'compile', 'thread', 'ping'] as const) match(tdrMessage({ kind: 'tdr', why, waitedMs: 2345, limitMs: 2000 }), /2345 ms.*\(2000 ms\)/);
});

import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { HostApiError } from '@gpup/api/client';
import { partitionView } from '../testing/top-figures.ts';
import { Meter } from './meter.ts';
import type { Sample } from './sample.ts';

/** A host that answers with these, one after the other. */
function meterOf(...answers: (Sample | Error)[]): Meter {
  return new Meter(async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer as Sample;
  });
}

function sample(monotonicMs: number, submitCount: number): Sample {
  return { timeMs: monotonicMs, monotonicMs, adapters: [], partitions: [partitionView('a', { usage: { submitCount } })] };
}

const gone = new HostApiError('no-host', 'No host listens.');

test('where there is no host at the beginning, it says so', async () => {
  await rejects(meterOf(gone).begin(), gone);
});

test('a host that goes and comes back: the rates are those of the whole time', async () => {
  const meter = meterOf(sample(0, 0), sample(1000, 10), gone, gone, sample(5000, 50), sample(6000, 51));
  await meter.begin();
  const rates: unknown[] = [];
  for (let round = 0; round < 5; round++) {
    const reading = await meter.read();
    rates.push(reading.kind === 'gone' ? reading : [reading.rates.intervalMs, reading.rates.partitions[0]?.submitsPerSecond]);
  }
  const missing = { kind: 'gone', error: gone };
  deepEqual(rates, [[1000, 10], missing, missing, [4000, 10], [1000, 1]]);
});

for (const [code, status, isPassing] of [
  ['host-gone', 0, true], ['no-answer', 0, true], ['bad-answer', 0, true], ['rate-limited', 429, true], ['request-timeout', 408, true], ['internal', 500, true],
  ['no-access', 0, false], ['unauthorized', 401, false], ['forbidden', 403, false], ['path-not-found', 404, false],
] as const) {
  test(`${code} (${status}) is ${isPassing ? 'waited out' : 'the end'}`, async () => {
    const error = new HostApiError(code, 'x', { status });
    const meter = meterOf(sample(0, 0), error, sample(1, 1));
    await meter.begin();
    if (isPassing) equal((await meter.read()).kind, 'gone');
    else await rejects(meter.read(), error);
  });
}

test('a bug of ours is no host that is gone', async () => {
  const meter = meterOf(sample(0, 0), new TypeError('x'));
  await meter.begin();
  await rejects(meter.read(), TypeError);
});

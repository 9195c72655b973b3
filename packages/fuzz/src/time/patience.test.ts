import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { Patience, until, within } from './patience.ts';
import type { ThreadStat } from './thread-stat.ts';

const INTERVAL_MS = 100;

/** What ten looks count for two threads, of which the second does this in each interval. */
function spentBy(state: string, processorMsEach: number): number {
  let processorMs = 0;
  const idle: ThreadStat = { state: 'S', processorMs: 0 };
  const patience = new Patience(() => [idle, { state, processorMs }]);
  for (let i = 0; i < 10; i++) {
    processorMs += processorMsEach;
    patience.look(INTERVAL_MS);
  }
  return patience.spentMs;
}

for (const { what, state, processorMsEach, spentMs } of [
  { what: 'sleeps counts in full', state: 'S', processorMsEach: 0, spentMs: 1000 },
  { what: 'runs counts in full', state: 'R', processorMsEach: 100, spentMs: 1000 },
  { what: 'gets a tenth of a processor counts for a tenth', state: 'R', processorMsEach: 10, spentMs: 100 },
  { what: 'gets no processor does not count', state: 'R', processorMsEach: 0, spentMs: 0 },
  { what: 'is stopped does not count', state: 'T', processorMsEach: 0, spentMs: 0 },
]) {
  test(`time in which a thread ${what}`, () => equal(spentBy(state, processorMsEach), spentMs));
}

test('progress starts the count again', () => {
  const patience = new Patience(() => []);
  patience.look(INTERVAL_MS);
  patience.restart();
  equal(patience.spentMs, 0);
});

test('work that comes to an end in time is not late', async () => {
  equal(await within(Promise.resolve('done'), INTERVAL_MS, () => []), 'done');
});

test('work that never ends is late', async () => {
  equal(await within(new Promise<never>(() => {}), INTERVAL_MS, () => []), 'late');
});

test('what comes true is waited for, and what does not is given up', async () => {
  let count = 0;
  equal(await until(() => ++count === 3, INTERVAL_MS, () => []), true);
  equal(await until(() => false, INTERVAL_MS, () => []), false);
});

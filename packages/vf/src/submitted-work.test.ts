import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { VF_LIMITS } from './limits.ts';
import { SubmittedWork } from './submitted-work.ts';

/** A queue that finishes when the test says so. */
class ScriptedQueue {
  readonly #waiting: (() => void)[] = [];
  askedCount = 0;

  onSubmittedWorkDone(): Promise<undefined> {
    this.askedCount++;
    return new Promise((resolve) => this.#waiting.push(() => resolve(undefined)));
  }

  async finish(): Promise<void> {
    this.#waiting.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function setUp(limits: Partial<typeof VF_LIMITS> = {}) {
  const published: number[] = [];
  const flow: string[] = [];
  const expected: number[] = [];
  const clock = { nowMs: 0 };
  const work = new SubmittedWork({
    limits: { ...VF_LIMITS, ...limits },
    publish: (serial) => published.push(serial),
    pause: () => flow.push('pause'),
    resume: () => flow.push('resume'),
    settled: (promise, then) => void promise.then(then, then),
    soon: (callback) => queueMicrotask(callback),
    expect: (quietMs) => expected.push(quietMs),
    nowMs: () => clock.nowMs,
  });
  const queues = [new ScriptedQueue(), new ScriptedQueue()] as const;
  const natives = queues as unknown as readonly [GPUQueue, GPUQueue];
  return { work, queues, natives, published, flow, expected, clock };
}

/** The packets at hand are executed. */
const turnOver = (): Promise<void> => Promise.resolve();

test('a queue is asked once at a time, for all that it has', async () => {
  const { work, queues, natives, published } = setUp();
  work.submitted(natives[0]);
  work.submitted(natives[0]);
  equal(queues[0].askedCount, 0, 'more may come in the same turn');
  await turnOver();
  equal(queues[0].askedCount, 1);
  for (let i = 0; i < 3; i++) work.submitted(natives[0]);
  await turnOver();
  equal(queues[0].askedCount, 1);
  await queues[0].finish();
  deepEqual(published, [2], 'it was asked after the second submit');
  equal(queues[0].askedCount, 2);
  await queues[0].finish();
  deepEqual(published, [2, 5]);
  equal(queues[0].askedCount, 2);
  equal(work.isIdle, true);
});

test('a guest that asks shares the answer that is waited for, if it covers all', async () => {
  const { work, queues, natives, published } = setUp();
  work.submitted(natives[0]);
  const first = work.done(natives[0]);
  equal(queues[0].askedCount, 1);
  equal(work.done(natives[0]), first);
  work.submitted(natives[0]);
  const second = work.done(natives[0]);
  equal(second === first, false, 'the first one does not cover the second submit');
  equal(queues[0].askedCount, 2);
  await queues[0].finish();
  await first;
  deepEqual(published, [1]);
});

test('a guest that asks after a request to map shares no answer that may come before it', () => {
  const { work, queues, natives } = setUp();
  work.submitted(natives[0]);
  const first = work.done(natives[0]);
  work.mapRequested();
  equal(work.done(natives[0]) === first, false);
  equal(queues[0].askedCount, 2);
});

test('a serial is complete when every queue is done up to it', async () => {
  const { work, queues, natives, published } = setUp();
  work.submitted(natives[0]);
  work.submitted(natives[1]);
  await turnOver();
  work.submitted(natives[0]);
  await queues[1].finish();
  deepEqual(published, [], 'the first submit is on the other queue');
  await queues[0].finish();
  deepEqual(published, [1]);
  await queues[0].finish();
  deepEqual(published, [1, 3]);
});

test('too many submits in flight stop the guest, until some are done', async () => {
  const { work, queues, natives, flow } = setUp({ submitsInFlightMax: 2 });
  work.submitted(natives[0]);
  work.submitted(natives[0]);
  deepEqual(flow, []);
  work.submitted(natives[0]);
  deepEqual(flow, ['pause']);
  equal(queues[0].askedCount, 1, 'at once: nothing more is read before an answer');
  await queues[0].finish();
  deepEqual(flow, ['pause', 'resume']);
});

test('too many bytes in flight stop the guest, also without a submit', async () => {
  const { work, queues, natives, flow } = setUp({ writeBytesInFlightMax: 100 });
  work.inFlight(natives[0], 100);
  deepEqual(flow, []);
  work.inFlight(natives[0], 1);
  deepEqual(flow, ['pause']);
  await queues[0].finish();
  await queues[0].finish();
  deepEqual(flow, ['pause', 'resume']);
  equal(work.isIdle, true);
});

test('after four answers the next one is expected after three quarters of the shortest', async () => {
  const { work, queues, natives, expected, clock } = setUp();
  for (const ms of [12, 10, 11, 14, 20]) {
    work.submitted(natives[0]);
    await turnOver();
    clock.nowMs += ms;
    await queues[0].finish();
  }
  deepEqual(expected, [0, 0, 0, 0, 7.5]);
});

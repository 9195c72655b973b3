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
  const work = new SubmittedWork({
    limits: { ...VF_LIMITS, ...limits },
    publish: (serial) => published.push(serial),
    pause: () => flow.push('pause'),
    resume: () => flow.push('resume'),
    settled: (promise, then) => void promise.then(then, then),
  });
  const queues = [new ScriptedQueue(), new ScriptedQueue()] as const;
  const natives = queues as unknown as readonly [GPUQueue, GPUQueue];
  return { work, queues, natives, published, flow };
}

test('a queue is asked once at a time, for all that it has', async () => {
  const { work, queues, natives, published } = setUp();
  for (let i = 0; i < 5; i++) work.submitted(natives[0]);
  equal(queues[0].askedCount, 1);
  await queues[0].finish();
  deepEqual(published, [1], 'it was asked after the first submit');
  equal(queues[0].askedCount, 2);
  await queues[0].finish();
  deepEqual(published, [1, 5]);
  equal(queues[0].askedCount, 2);
  equal(work.isIdle, true);
});

test('a serial is complete when every queue is done up to it', async () => {
  const { work, queues, natives, published } = setUp();
  work.submitted(natives[0]);
  work.submitted(natives[1]);
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

import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { ContextSlot, HostMemory, OwnBudget, PartitionPage, pageBytes, SUBMITS_PER_QUESTION_MAX } from '@gpup/vidmm';
import { VF_LIMITS } from './limits.ts';
import { SubmitMeter } from './submit-meter.ts';
import { SubmittedWork } from './submitted-work.ts';

const DEVICES = [11, 12] as const;

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
  /** When submits have finished, and how many are left. */
  const progressed: (readonly [number, number])[] = [];
  const hostMemory = new HostMemory(new OwnBudget(undefined));
  const clock = { nowMs: 1000 };
  const buffer = new ArrayBuffer(pageBytes(1));
  const page = PartitionPage.create(buffer, { slotCount: 1, budgetBytes: undefined, hostBudgetBytes: undefined });
  const slot = new ContextSlot({ buffer, slotIndex: page.allocateSlot(1) as number });
  const expected: number[] = [];
  const work: SubmittedWork = new SubmittedWork({
    limits: { ...VF_LIMITS, ...limits },
    hostMemory,
    meter: new SubmitMeter(slot),
    publish: (serial) => published.push(serial),
    pause: () => flow.push('pause'),
    resume: () => flow.push('resume'),
    settled: (promise, then) => void promise.then(then, then),
    soon: (callback) => queueMicrotask(callback),
    progressed: () => progressed.push([clock.nowMs, work.unfinishedCount]),
    expect: (quietMs) => expected.push(quietMs),
    nowMs: () => clock.nowMs,
  });
  const queues = [new ScriptedQueue(), new ScriptedQueue()] as const;
  const natives = queues as unknown as readonly [GPUQueue, GPUQueue];
  return { work, queues, natives, published, flow, progressed, expected, hostMemory, clock, view: () => page.slot(0) };
}

/** The packets at hand are executed. */
const turnOver = (): Promise<void> => Promise.resolve();

test('a queue is asked once at a time, for all that it has', async () => {
  const { work, queues, natives, published } = setUp();
  work.submitted(natives[0], DEVICES[0]);
  work.submitted(natives[0], DEVICES[0]);
  equal(queues[0].askedCount, 0, 'more may come in the same turn');
  await turnOver();
  equal(queues[0].askedCount, 1);
  for (let i = 0; i < 3; i++) work.submitted(natives[0], DEVICES[0]);
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

test('where many submits wait for a question there are several, and a slot says how many finish as one', async () => {
  const { work, queues, natives, published, clock, view } = setUp();
  const oldest = (): unknown => [view().oldestSubmitMs, view().oldestSubmitCount];
  work.submitted(natives[0], DEVICES[0]);
  await turnOver();
  deepEqual([queues[0].askedCount, oldest()], [1, [1000, 1]]);
  for (let i = 0; i < SUBMITS_PER_QUESTION_MAX - 1; i++) work.submitted(natives[0], DEVICES[0]);
  await turnOver();
  equal(queues[0].askedCount, 1);
  work.submitted(natives[0], DEVICES[0]);
  equal(queues[0].askedCount, 2);
  work.submitted(natives[0], DEVICES[0]);
  work.submitted(natives[0], DEVICES[0]);
  clock.nowMs = 1010;
  await queues[0].finish();
  deepEqual([published, oldest(), queues[0].askedCount], [[1], [1010, SUBMITS_PER_QUESTION_MAX], 2]);
  clock.nowMs = 1020;
  await queues[0].finish();
  deepEqual([published.at(-1), oldest(), queues[0].askedCount], [1 + SUBMITS_PER_QUESTION_MAX, [1020, 2], 3]);
  await queues[0].finish();
  deepEqual([oldest(), work.isIdle], [[null, 2], true]);
});

test('the question that waits longest is said to cover its own submits, whatever other queues have', async () => {
  const { work, queues, natives, view } = setUp();
  work.submitted(natives[0], DEVICES[0]);
  await turnOver();
  for (let i = 0; i < 3; i++) work.submitted(natives[1], DEVICES[1]);
  await turnOver();
  deepEqual([view().oldestSubmitCount, view().guiltyDevice], [1, DEVICES[0]]);
  await queues[0].finish();
  deepEqual([view().oldestSubmitCount, view().guiltyDevice], [3, DEVICES[1]]);
});

test('a guest that asks shares the answer that is waited for, if it covers all', async () => {
  const { work, queues, natives, published } = setUp();
  work.submitted(natives[0], DEVICES[0]);
  const first = work.done(natives[0]);
  equal(queues[0].askedCount, 1);
  equal(work.done(natives[0]), first);
  work.submitted(natives[0], DEVICES[0]);
  const second = work.done(natives[0]);
  equal(second === first, false, 'the first one does not cover the second submit');
  equal(queues[0].askedCount, 2);
  await queues[0].finish();
  await first;
  deepEqual(published, [1]);
});

test('a guest that asks after a request to map shares no answer that may come before it', () => {
  const { work, queues, natives } = setUp();
  work.submitted(natives[0], DEVICES[0]);
  const first = work.done(natives[0]);
  work.mapRequested();
  equal(work.done(natives[0]) === first, false);
  equal(queues[0].askedCount, 2);
});

test('a serial is complete when every queue is done up to it', async () => {
  const { work, queues, natives, published } = setUp();
  work.submitted(natives[0], DEVICES[0]);
  work.submitted(natives[1], DEVICES[1]);
  await turnOver();
  work.submitted(natives[0], DEVICES[0]);
  await queues[1].finish();
  deepEqual(published, [], 'the first submit is on the other queue');
  await queues[0].finish();
  deepEqual(published, [2], 'the third one is left');
  await queues[0].finish();
  deepEqual(published, [2, 3]);
});

test('too many submits in flight stop the guest, until some are done', async () => {
  const { work, queues, natives, flow } = setUp({ submitsInFlightMax: 2 });
  work.submitted(natives[0], DEVICES[0]);
  work.submitted(natives[0], DEVICES[0]);
  deepEqual(flow, []);
  work.submitted(natives[0], DEVICES[0]);
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

test('what is complete is never taken back, for a queue that has only written for long', async () => {
  const { work, queues, natives, published } = setUp();
  work.inFlight(natives[1], 4);
  work.submitted(natives[0], DEVICES[0]);
  await turnOver();
  await queues[0].finish();
  work.submitted(natives[1], DEVICES[1]);
  work.submitted(natives[0], DEVICES[0]);
  await turnOver();
  await queues[0].finish();
  deepEqual(published, [1]);
  await queues[1].finish();
  deepEqual(published, [1, 3]);
});

test('the host holds what is written until it is there', async () => {
  const { work, queues, natives, hostMemory } = setUp();
  work.written(natives[0], 100);
  work.inFlight(natives[0], 1000);
  equal(hostMemory.usedBytes, 100);
  work.submitted(natives[0], DEVICES[0]);
  await turnOver();
  work.written(natives[0], 7);
  await queues[0].finish();
  equal(hostMemory.usedBytes, 7);
  await queues[0].finish();
  equal(hostMemory.usedBytes, 0);
  equal(work.isIdle, true);
});

test('a slot says since when which device has kept the others waiting', async () => {
  const { work, queues, natives, clock, view } = setUp();
  const oldest = (): unknown => [view().submitCount, view().completedCount, view().oldestSubmitMs, view().guiltyDevice];
  work.submitted(natives[1], DEVICES[1]);
  await turnOver();
  clock.nowMs = 1010;
  work.submitted(natives[0], DEVICES[0]);
  work.submitted(natives[1], DEVICES[1]);
  await turnOver();
  deepEqual(oldest(), [3, 0, 1000, DEVICES[1]]);
  clock.nowMs = 1020;
  await queues[0].finish();
  deepEqual(oldest(), [3, 0, 1000, DEVICES[1]]);
  await queues[1].finish();
  deepEqual(oldest(), [3, 2, 1020, DEVICES[1]]);
  clock.nowMs = 1030;
  await queues[1].finish();
  deepEqual(oldest(), [3, 3, null, 0]);
});

test('GPU time is the time with unfinished submits', async () => {
  const { work, queues, natives, clock, view } = setUp();
  work.submitted(natives[0], DEVICES[0]);
  await turnOver();
  clock.nowMs = 1002;
  work.submitted(natives[0], DEVICES[0]);
  clock.nowMs = 1005;
  await queues[0].finish();
  equal(view().gpuTimeUs, 5000);
  clock.nowMs = 1008;
  await queues[0].finish();
  equal(view().gpuTimeUs, 8000);
  // Nothing is unfinished meanwhile.
  clock.nowMs = 2000;
  work.submitted(natives[0], DEVICES[0]);
  await turnOver();
  clock.nowMs = 2001;
  await queues[0].finish();
  equal(view().gpuTimeUs, 9000);
});

test('a submit waits until the one before it is seen to be done', async () => {
  const { work, queues, natives, clock, view } = setUp();
  work.submitted(natives[0], DEVICES[0]);
  await turnOver();
  clock.nowMs = 1001;
  work.submitted(natives[0], DEVICES[0]);
  clock.nowMs = 1003;
  await queues[0].finish();
  clock.nowMs = 1004;
  await queues[0].finish();
  const counted = (buckets: readonly number[]): unknown => Object.fromEntries(buckets.map((count, i) => [i, count] as const).filter(([, count]) => count > 0));
  // The first one 0 us of 3,000, the second one 2,000 us of 3,000.
  deepEqual(counted(view().queueWaitUs), { 0: 1, 11: 1 });
  deepEqual(counted(view().submitLatencyUs), { 12: 2 });
});

test('while a submit is given to the implementation whoever looks sees that it is unfinished, and since when nothing is', async () => {
  const { work, queues, natives, view } = setUp();
  work.begins();
  deepEqual([view().submitCount, view().completedCount, view().oldestSubmitMs], [1, 0, null]);
  work.submitted(natives[0], DEVICES[0]);
  await turnOver();
  await queues[0].finish();
  deepEqual([view().submitCount, view().completedCount], [1, 1]);
});

test('after four answers the next one is expected after three quarters of the shortest', async () => {
  const { work, queues, natives, expected, clock } = setUp();
  for (const ms of [12, 10, 11, 14, 20]) {
    work.submitted(natives[0], DEVICES[0]);
    await turnOver();
    clock.nowMs += ms;
    await queues[0].finish();
  }
  deepEqual(expected, [0, 0, 0, 0, 7.5]);
});

test('an answer that another one comes before is timed, and expected, from that one on', async () => {
  const { work, queues, natives, expected, clock } = setUp();
  for (let i = 0; i < 4 * SUBMITS_PER_QUESTION_MAX; i++) work.submitted(natives[0], DEVICES[0]);
  for (const ms of [12, 10, 11, 14]) {
    clock.nowMs += ms;
    await queues[0].finish();
  }
  work.submitted(natives[0], DEVICES[0]);
  await turnOver();
  deepEqual(expected, [0, 0, 0, 0, 7.5]);
});

test('each answer for submits is told, with what is left; one for writes alone is not', async () => {
  const { work, queues, natives, progressed, clock } = setUp();
  work.written(natives[0], VF_LIMITS.writeBytesInFlightMax / 2);
  await queues[0].finish();
  deepEqual(progressed, []);
  for (let i = 0; i < 3; i++) work.submitted(natives[0], DEVICES[0]);
  await turnOver();
  work.submitted(natives[0], DEVICES[0]);
  equal(work.unfinishedCount, 4);
  clock.nowMs = 1010;
  await queues[0].finish();
  equal(work.idleSinceMs, 0);
  clock.nowMs = 1020;
  await queues[0].finish();
  deepEqual(progressed, [[1010, 1], [1020, 0]]);
  equal(work.idleSinceMs, 1020);
});

/** Work, some of which was answered already: its submits have taken a millisecond each. */
async function paced() {
  const scene = setUp();
  const { work, queues, natives, clock } = scene;
  const submit = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) work.submitted(natives[0], DEVICES[0]);
    await turnOver();
  };
  const answered = async (count: number, ms: number): Promise<void> => {
    await submit(count);
    clock.nowMs += ms;
    await queues[0].finish();
  };
  await answered(4, 4);
  return { ...scene, submit, answered, remaining: () => work.remainingMs(clock.nowMs) };
}

test('how long submits will take is not known before an answer, and no time where there are none', async () => {
  const { work, natives, clock } = setUp();
  equal(work.remainingMs(clock.nowMs), 0);
  work.submitted(natives[0], DEVICES[0]);
  equal(work.remainingMs(clock.nowMs), Number.POSITIVE_INFINITY);
});

test('it follows the last answers, by how many submits they have covered', async () => {
  const { answered, submit, remaining, clock } = await paced();
  await answered(1, 50);
  clock.nowMs += 1e6;
  await submit(1);
  equal(remaining(), (4 * 0.75 + 50) / (4 * 0.75 + 1), 'a pause counts for nothing');
});

test('and what was long ago counts for little', async () => {
  const { answered, submit, remaining } = await paced();
  await answered(1, 50);
  for (let i = 0; i < 40; i++) await answered(2, 2);
  await submit(3);
  equal(Math.abs(remaining() - 3) < 0.001, true);
});

test('what has been spent on the oldest submits is not to come again', async () => {
  const { submit, remaining, clock, queues } = await paced();
  await submit(5);
  equal(remaining(), 5);
  clock.nowMs += 4;
  equal(remaining(), 1);
  await submit(2);
  equal(remaining(), 3);
  await queues[0].finish();
  // The answer for five came after four milliseconds.
  equal(Math.abs(remaining() - 2 * 7 / 8) < 0.001, true);
});

test('submits that take longer than any did are not taken for done: those behind them may take as long', async () => {
  const { submit, remaining, clock } = await paced();
  await submit(1);
  await submit(2);
  equal(remaining(), 3);
  clock.nowMs += 10;
  equal(remaining(), 20);
});

test('a burst after a pause is not taken for old', async () => {
  const { work, natives, answered, remaining, clock } = await paced();
  await answered(1, 1);
  clock.nowMs += 1e6;
  for (let i = 0; i < 8; i++) work.submitted(natives[0], DEVICES[0]);
  equal(remaining(), 8);
});

import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Context } from './context.ts';
import { GPUDevice } from './generated/interfaces.gen.ts';
import { CommandEncoder } from './objects/command-encoder.ts';
import { Queue } from './objects/queue.ts';
import { WARM_UP_ROUND_COUNT, WarmUp } from './warm-up.ts';

const task = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Bits of V8's runtime-test.h: by either of the compilers that optimize. */
const [MAGLEVVED, TURBOFANNED] = [1 << 5, 1 << 6];

/** V8 compiles its own names for functions only for scripts that are made while the flag is set. */
function optimizationStatus(): (method: unknown) => number {
  setFlagsFromString('--allow-natives-syntax');
  const status = runInNewContext('(method) => %GetOptimizationStatus(method)') as (method: unknown) => number;
  status(task);
  setFlagsFromString('--no-allow-natives-syntax');
  return status;
}

test('what a frame calls once is optimized after some rounds', async (t) => {
  const statusOf = optimizationStatus();
  const methods = {
    finish: CommandEncoder.prototype.finish,
    submit: Queue.prototype.submit,
    flush: Context.prototype.flush,
  };
  const isOptimized = (): boolean => Object.values(methods).every((method) => (statusOf(method) & (MAGLEVVED | TURBOFANNED)) !== 0);
  equal(isOptimized(), false);
  let roundCount = 0;
  // The engine compiles on a thread of its own, which a busy machine may keep waiting.
  for (let times = 0; times < 20 && !isOptimized(); times++) {
    const warmUp = await WarmUp.begin(task);
    for (; !warmUp.isOver && !isOptimized(); roundCount++) {
      warmUp.round();
      if (roundCount % 64 === 0) await task();
    }
    warmUp.close();
  }
  t.diagnostic(`${roundCount} rounds`);
  ok(isOptimized());
});

test('so many rounds are all of it', async () => {
  const warmUp = await WarmUp.begin(task);
  for (let round = 0; round < WARM_UP_ROUND_COUNT; round++) {
    equal(warmUp.isOver, false);
    warmUp.round();
    if (round % 64 === 0) await task();
  }
  equal(warmUp.isOver, true);
  warmUp.close();
});

test('whoever counts the calls of a program by its classes does not count these', async () => {
  const { createBuffer, createCommandEncoder } = GPUDevice.prototype;
  let callCount = 0;
  const counting = <A extends unknown[], R>(method: (this: GPUDevice, ...args: A) => R) =>
    function (this: GPUDevice, ...args: A): R {
      callCount++;
      return method.apply(this, args);
    };
  Object.assign(GPUDevice.prototype, { createBuffer: counting(createBuffer), createCommandEncoder: counting(createCommandEncoder) });
  try {
    const warmUp = await WarmUp.begin(task);
    for (let round = 0; round < 10; round++) warmUp.round();
    await task();
    warmUp.close();
  } finally {
    Object.assign(GPUDevice.prototype, { createBuffer, createCommandEncoder });
  }
  equal(callCount, 0);
});

test('two at once know nothing of each other', async () => {
  const both = [await WarmUp.begin(task), await WarmUp.begin(task)];
  for (let round = 0; round < 200; round++) for (const each of both) each.round();
  await task();
  deepEqual(both.map(({ isOver }) => isOver), [false, false]);
  for (const each of both) each.close();
});

/** Errors: https://gpuweb.github.io/gpuweb/#errors-and-debugging */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { api, errorOf } from './testing/api.ts';

const invalidBuffer = (device: GPUDevice): GPUBuffer => device.createBuffer({ size: 4, usage: 0 });
/** An error that only the guest sees: its encoder has ended. */
const endedEncoder = (device: GPUDevice): void => {
  const encoder = device.createCommandEncoder();
  encoder.finish();
  encoder.popDebugGroup();
};

api('a scope without an error is null', async (device) => {
  device.pushErrorScope('validation');
  device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_DST });
  equal(await device.popErrorScope(), null);
});

api('a scope catches the first error of its kind, as an instance of its class', async (device) => {
  device.pushErrorScope('validation');
  device.createTexture({ size: [4, 4], format: 'rgba8unorm', usage: 0, label: 'the first' });
  invalidBuffer(device);
  const error = await device.popErrorScope();
  ok(error instanceof GPUValidationError);
  ok(error instanceof GPUError);
  ok(/the first/.test(error.message), error.message);
});

for (const [what, makeError] of [
  ['of the host', invalidBuffer],
  ['of the guest', endedEncoder],
] as const) {
  api(`errors ${what} go to the innermost scope with their filter`, async (device) => {
    device.pushErrorScope('validation');
    device.pushErrorScope('out-of-memory');
    device.pushErrorScope('internal');
    makeError(device);
    equal(await device.popErrorScope(), null);
    equal(await device.popErrorScope(), null);
    ok((await device.popErrorScope()) instanceof GPUValidationError);
    device.pushErrorScope('validation');
    device.pushErrorScope('validation');
    makeError(device);
    ok((await device.popErrorScope()) instanceof GPUValidationError);
    equal(await device.popErrorScope(), null);
  });

  api(`errors ${what} that no scope catches are events`, async (device, { uncaptured }) => {
    device.pushErrorScope('out-of-memory');
    makeError(device);
    equal(await device.popErrorScope(), null);
    await device.queue.onSubmittedWorkDone();
    equal(uncaptured.splice(0).length, 1);
  });
}

api('errors of guest and host keep the order in which they were made', async (device) => {
  for (const [first, second] of [[invalidBuffer, endedEncoder], [endedEncoder, invalidBuffer]] as const) {
    const alone = await errorOf(device, () => first(device));
    const both = await errorOf(device, () => {
      first(device);
      second(device);
    });
    equal(both, alone);
  }
});

api('scopes may be popped together, and answer in order', async (device) => {
  const names = ['a', 'b', 'c', 'd'];
  const answers: string[] = [];
  const popped = names.map((name) => {
    device.pushErrorScope('validation');
    device.createTexture({ size: [4, 4], format: 'rgba8unorm', usage: 0, label: `label-${name}` });
    return device.popErrorScope().then((error) => answers.push(/label-(\w)/.exec(error?.message ?? '')?.[1] ?? 'none'));
  });
  await Promise.all(popped);
  deepEqual(answers, names);
});

api('scopes and other requests answer in the order of their calls', async (device) => {
  const order: string[] = [];
  device.pushErrorScope('validation');
  const done = device.queue.onSubmittedWorkDone().then(() => order.push('done'));
  const popped = device.popErrorScope().then(() => order.push('popped'));
  await Promise.all([done, popped]);
  deepEqual(order.sort(), ['done', 'popped']);
});

api('a pop without a scope is rejected', async (device) => {
  await rejects(device.popErrorScope(), (error: unknown) => error instanceof DOMException && error.name === 'OperationError');
  device.pushErrorScope('validation');
  await device.popErrorScope();
  await rejects(device.popErrorScope(), { name: 'OperationError' });
});

api('a filter that there is not is a TypeError and opens no scope', async (device) => {
  let thrown: unknown;
  try {
    device.pushErrorScope('other' as GPUErrorFilter);
  } catch (error) {
    thrown = error;
  }
  ok(thrown instanceof TypeError);
  await rejects(device.popErrorScope(), { name: 'OperationError' });
});

api('hundreds of scopes nest', async (device) => {
  for (let i = 0; i < 300; i++) device.pushErrorScope(i === 150 ? 'validation' : 'internal');
  invalidBuffer(device);
  const caught: number[] = [];
  for (let i = 299; i >= 0; i--) if ((await device.popErrorScope()) !== null) caught.push(i);
  deepEqual(caught, [150]);
});

api('scopes of one device are nothing to another', async (device, { openDevice, uncaptured }) => {
  const other = await openDevice();
  device.pushErrorScope('validation');
  invalidBuffer(other);
  equal(await device.popErrorScope(), null);
  await other.queue.onSubmittedWorkDone();
  equal(uncaptured.splice(0).length, 1);
});

// Events.

api('the event has the error, its device and its type, and both ways of listening hear it', async (device, { uncaptured }) => {
  const heard: unknown[] = [];
  device.onuncapturederror = function (this: unknown, event) {
    heard.push(['attribute', this === device, event.type, event.error instanceof GPUValidationError, event instanceof GPUUncapturedErrorEvent]);
  };
  const listener = (event: GPUUncapturedErrorEvent): void => {
    heard.push(['listener', event.target === device]);
  };
  device.addEventListener('uncapturederror', listener);
  invalidBuffer(device);
  await device.queue.onSubmittedWorkDone();
  deepEqual(heard, [['attribute', true, 'uncapturederror', true, true], ['listener', true]]);
  device.removeEventListener('uncapturederror', listener);
  device.onuncapturederror = null;
  invalidBuffer(device);
  await device.queue.onSubmittedWorkDone();
  equal(heard.length, 2);
  equal(uncaptured.splice(0).length, 2);
});

api('an event comes before the answer to what was asked after the error', async (device, { uncaptured }) => {
  invalidBuffer(device);
  device.pushErrorScope('validation');
  await device.popErrorScope();
  equal(uncaptured.splice(0).length, 1);
});

api('a lost device reports no error, and its scopes are empty', async (_device, { openDevice, uncaptured }) => {
  const device = await openDevice();
  device.pushErrorScope('validation');
  device.destroy();
  invalidBuffer(device);
  endedEncoder(device);
  equal(await device.popErrorScope(), null);
  equal(await device.popErrorScope(), null);
  await device.queue.onSubmittedWorkDone();
  deepEqual(uncaptured, []);
});

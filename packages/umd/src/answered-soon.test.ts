/** What the link is told of how soon an answer will come: it looks for longer for one that neither the GPU nor a compiler comes before. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import * as encode from '@gpup/wire/encode';
import type { OPCODES } from '@gpup/wire/numbers';
import { type Opened, openDevice } from './testing/open-device.ts';

const READ = 1;
const USAGE = 9;

/** Lets everything that waits in microtasks happen. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const expected = ({ link: { isWaiting, isSoon } }: Opened): string => (isWaiting ? (isSoon ? 'soon' : 'some time') : 'nothing');

/** Of the last packet of its kind: `at` words behind its opcode and length. */
function requestOf({ link }: Opened, name: keyof typeof OPCODES, at = 1): number {
  return link.sent(name).at(-1)?.[2 + at] as number;
}

async function done(opened: Opened, request: number): Promise<void> {
  opened.link.say((w) => encode.encodeReplyDone(w, request));
  await turn();
}

async function scoped(opened: Opened, request: number): Promise<void> {
  opened.link.say((w) => encode.encodeReplyScope(w, request, null, ''));
  await turn();
}

test('an error scope is answered soon, the end of work is not, and of both the sooner counts', async () => {
  const opened = await openDevice();
  const { device } = opened;
  equal(expected(opened), 'nothing');
  void device.queue.onSubmittedWorkDone();
  equal(expected(opened), 'some time');
  device.pushErrorScope('validation');
  void device.popErrorScope();
  equal(expected(opened), 'soon');
  device.pushErrorScope('validation');
  void device.popErrorScope();
  await scoped(opened, requestOf(opened, 'GPUDevice.popErrorScope') - 1);
  equal(expected(opened), 'soon');
  await scoped(opened, requestOf(opened, 'GPUDevice.popErrorScope'));
  equal(expected(opened), 'some time');
  await done(opened, requestOf(opened, 'GPUQueue.onSubmittedWorkDone'));
  equal(expected(opened), 'nothing');
});

test('a map is answered soon where the GPU has finished what was submitted', async () => {
  const opened = await openDevice();
  const { device, link } = opened;
  const buffers = [0, 1, 2].map(() => device.createBuffer({ size: 64, usage: USAGE }));
  const expectedOfMap = async (index: number): Promise<string> => {
    void buffers[index]?.mapAsync(READ).catch(() => {});
    const said = expected(opened);
    link.say((w) => encode.encodeReplyError(w, requestOf(opened, 'GPUBuffer.mapAsync'), 'OperationError', '', 'No.'));
    await turn();
    equal(expected(opened), 'nothing');
    return said;
  };
  const said = [await expectedOfMap(0)];
  device.queue.submit([device.createCommandEncoder().finish()]);
  said.push(await expectedOfMap(1));
  link.completed = 1;
  said.push(await expectedOfMap(2));
  deepEqual(said, ['soon', 'some time', 'soon']);
});

test('a pipeline has to be compiled', async () => {
  const opened = await openDevice();
  const module = opened.device.createShaderModule({ code: '' });
  void opened.device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  equal(expected(opened), 'some time');
});

test('of a context that is gone nothing is expected', async () => {
  const opened = await openDevice();
  opened.device.pushErrorScope('validation');
  void opened.device.popErrorScope();
  equal(expected(opened), 'soon');
  opened.link.onClose({ kind: 'peer-gone', message: 'The VF ended.' });
  equal(expected(opened), 'nothing');
});

/** Budgets of video memory of a running host's partitions: to the byte, for all contexts together, and while they change. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { ask } from './testing/line-api.ts';
import { PROVIDER, daemonForTests } from './testing/test-daemon.ts';

const MEBIBYTE = 2 ** 20;
const apiSocket = daemonForTests({ defaultPartition: false });

/** `+N` makes a buffer of N bytes, `-` destroys the newest one; answered once it is done with the error that it made, or null. */
const GUEST = `
  const { create, globals } = require(process.argv[1]);
  Object.assign(globalThis, globals);
  (async () => {
    const gpu = create([]);
    const device = await (await gpu.requestAdapter()).requestDevice();
    const kept = [];
    for await (const line of require('node:readline').createInterface({ input: process.stdin })) {
      device.pushErrorScope('out-of-memory');
      if (line === '-') kept.pop().destroy();
      else kept.push(device.createBuffer({ size: Number(line), usage: GPUBufferUsage.COPY_DST }));
      const error = await device.popErrorScope();
      if (error !== null) kept.pop();
      console.log(error === null ? 'done' : error.constructor.name);
    }
  })();`;

class Guest {
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  constructor(t: TestContext, socketPath: string) {
    this.#child = spawn(process.execPath, ['-e', GUEST, PROVIDER], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, GPUP_SOCKET: socketPath } });
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    t.after(() => this.#child.kill('SIGKILL'));
  }

  allocate(bytes: number): Promise<string> {
    return this.#tell(`+${bytes}`);
  }

  free(): Promise<string> {
    return this.#tell('-');
  }

  #tell(line: string): Promise<string> {
    this.#child.stdin?.write(`${line}\n`);
    return new Promise((resolve) => this.#lines.once('line', resolve));
  }
}

const exactly = (bytes: number): { readonly min: number; readonly optimal: number; readonly max: number } => ({ min: bytes, optimal: bytes, max: bytes });

for (const [what, request] of [
  ['by bytes', { vram: exactly(32 * MEBIBYTE) }],
  ['by its size', { size: '1/128' }],
] as const) {
  test(`a partition that is made ${what}: its whole budget is given, and not a byte more`, async (t) => {
    const name = what.replaceAll(' ', '-');
    const { socketPath, vram } = await ask(apiSocket(), 'createPartition', { name, ...request });
    const budgetBytes = Math.floor(vram.current / 4) * 4;
    const guest = new Guest(t, socketPath);
    equal(await guest.allocate(budgetBytes + 1), 'GPUOutOfMemoryError');
    equal(await guest.allocate(budgetBytes), 'done');
    equal(await guest.allocate(1), 'GPUOutOfMemoryError');
    equal((await ask(apiSocket(), 'partition', name)).usage.vramBytes, budgetBytes);
    equal(await guest.free(), 'done');
    equal((await ask(apiSocket(), 'partition', name)).usage.vramBytes, 0);
    await ask(apiSocket(), 'removePartition', name, { force: true });
  });
}

test('contexts of one partition share its budget, and another partition has its own', async (t) => {
  const { socketPath } = await ask(apiSocket(), 'createPartition', { name: 'shared', vram: exactly(16 * MEBIBYTE) });
  const other = await ask(apiSocket(), 'createPartition', { name: 'other', vram: exactly(16 * MEBIBYTE) });
  const [one, two, stranger] = [new Guest(t, socketPath), new Guest(t, socketPath), new Guest(t, other.socketPath)];
  equal(await one.allocate(16 * MEBIBYTE - 4), 'done');
  equal(await two.allocate(8), 'GPUOutOfMemoryError');
  equal(await two.allocate(4), 'done');
  equal(await two.allocate(4), 'GPUOutOfMemoryError');
  equal(await stranger.allocate(16 * MEBIBYTE), 'done');
  await one.free();
  equal(await two.allocate(16 * MEBIBYTE - 4), 'done');
  const shown = await ask(apiSocket(), 'partition', 'shared');
  deepEqual([shown.usage.vramBytes, shown.usage.vramPeakBytes, shown.contextCount], [16 * MEBIBYTE, 16 * MEBIBYTE, 2]);
  for (const name of ['shared', 'other']) await ask(apiSocket(), 'removePartition', name, { force: true });
});

test('a budget that is lowered below what is in use is refused, or waits until it is free; one that is raised holds at once', async (t) => {
  const { socketPath } = await ask(apiSocket(), 'createPartition', { name: 'changing', vram: exactly(16 * MEBIBYTE) });
  const change = (bytes: number, whenInUse: 'refuse' | 'wait') => ask(apiSocket(), 'changePartition', 'changing', { vram: exactly(bytes), whenInUse });
  const guest = new Guest(t, socketPath);
  equal(await guest.allocate(4 * MEBIBYTE), 'done');
  equal(await guest.allocate(8 * MEBIBYTE), 'done');
  await rejects(change(12 * MEBIBYTE - 4, 'refuse'), { code: 'vram-in-use', message: /uses 12582912 bytes of video memory, more than it would have \(12582908\)/ });
  equal((await change(12 * MEBIBYTE, 'refuse')).vram.current, 12 * MEBIBYTE);
  equal(await guest.allocate(4), 'GPUOutOfMemoryError');
  deepEqual((await change(6 * MEBIBYTE, 'wait')).state, { kind: 'shrinking', toBytes: 6 * MEBIBYTE });
  equal(await guest.allocate(4), 'GPUOutOfMemoryError');
  equal(await guest.free(), 'done');
  // Free at once, also of what the daemon has not looked at yet.
  equal(await guest.allocate(2 * MEBIBYTE + 4), 'GPUOutOfMemoryError');
  const { state, vram } = await ask(apiSocket(), 'partition', 'changing');
  deepEqual([state, vram.current], [{ kind: 'active' }, 6 * MEBIBYTE]);
  equal(await guest.allocate(2 * MEBIBYTE), 'done');
  await change(8 * MEBIBYTE, 'refuse');
  equal(await guest.allocate(2 * MEBIBYTE + 4), 'GPUOutOfMemoryError');
  equal(await guest.allocate(2 * MEBIBYTE), 'done');
  await ask(apiSocket(), 'removePartition', 'changing', { force: true });
});

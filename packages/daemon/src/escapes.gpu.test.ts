/** Escapes of a partition: what its guests are told, and what changes while they run. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { test } from 'node:test';
import { ask } from './testing/line-api.ts';
import { PROVIDER, daemonForTests } from './testing/test-daemon.ts';

const MEBIBYTE = 2 ** 20;
const apiSocket = daemonForTests();

/** Reads a line, makes a buffer of so many bytes if it is a number, and answers with its statistics or why it has none. */
const GUEST = `
  const { create, callEscape } = require(process.argv[1]);
  const gpu = create([]);
  (async () => {
    const device = await (await gpu.requestAdapter()).requestDevice();
    const kept = [];
    for await (const line of require('node:readline').createInterface({ input: process.stdin })) {
      if (line !== '') kept.push(device.createBuffer({ size: Number(line), usage: 8 }));
      console.log(JSON.stringify(await callEscape(gpu, 'statistics').catch(({ code }) => ({ code }))));
    }
  })();`;

class Guest {
  readonly #child;
  readonly #lines: Interface;

  constructor(socketPath: string) {
    this.#child = spawn(process.execPath, ['-e', GUEST, PROVIDER], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, GPUP_SOCKET: socketPath } });
    this.#lines = createInterface({ input: this.#child.stdout });
  }

  statistics(sizeBytes: number | '' = ''): Promise<Record<string, unknown>> {
    this.#child.stdin.write(`${sizeBytes}\n`);
    return new Promise((resolve) => this.#lines.once('line', (line) => resolve(JSON.parse(line) as Record<string, unknown>)));
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}

test('a guest gets the figures of its own partition, from when it is opened until it is closed', async () => {
  const partition = await ask(apiSocket(), 'createPartition', { name: 'watched', vram: { max: 64 * MEBIBYTE } });
  const other = await ask(apiSocket(), 'createPartition', { name: 'other', vram: { max: 64 * MEBIBYTE }, escapes: ['statistics'] });
  const guests = [partition, partition, other].map(({ socketPath }) => new Guest(socketPath)) as [Guest, Guest, Guest];
  const [one, neighbour, stranger] = guests;
  try {
    deepEqual(await one.statistics(), { code: 'escape-closed' });
    await ask(apiSocket(), 'changePartition', 'watched', { escapes: ['statistics'] });
    await neighbour.statistics(2 * MEBIBYTE);
    await stranger.statistics(8 * MEBIBYTE);
    const figures = await one.statistics(MEBIBYTE);
    deepEqual([figures['vramUsedBytes'], figures['partitionVramUsedBytes'], figures['partitionContextCount']], [MEBIBYTE, 3 * MEBIBYTE, 2]);
    equal(figures['partitionVramBudgetBytes'], (await ask(apiSocket(), 'partition', 'watched')).vram.current);
    await ask(apiSocket(), 'changePartition', 'watched', { escapes: [] });
    deepEqual(await one.statistics(), { code: 'escape-closed' });
    equal((await stranger.statistics())['partitionVramUsedBytes'], 8 * MEBIBYTE);
  } finally {
    for (const guest of guests) guest.end();
  }
});

test('an escape that there is not is refused by its place, and changes nothing', async () => {
  await rejects(ask(apiSocket(), 'createPartition', { name: 'open', escapes: ['everything'] }), { code: 'unknown-escape' });
  await rejects(ask(apiSocket(), 'partition', 'open'), { code: 'unknown-partition' });
  await rejects(ask(apiSocket(), 'changePartition', 'other', { escapes: ['statistics', 'everything'] }), { code: 'unknown-escape' });
  deepEqual((await ask(apiSocket(), 'partition', 'other')).escapes, ['statistics']);
  equal((await ask(apiSocket(), 'host')).featureLevel, '2.9');
});

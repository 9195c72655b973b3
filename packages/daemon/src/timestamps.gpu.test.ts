/** Timestamps of a running host's partitions, as real guests see them, with drivers of today and of before. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ask } from './testing/line-api.ts';
import { PROVIDER, daemonForTests } from './testing/test-daemon.ts';

const apiSocket = daemonForTests({ defaultPartition: false });
const PACKED = fileURLToPath(new URL('../../../tests/compat/', import.meta.url));
const DRIVERS: readonly (readonly [string, string])[] = [['of today', PROVIDER], ...readdirSync(PACKED).map((release) => [`of ${release}`, `${PACKED}${release}/provider.cjs`] as const)];

/** Browsers' "100 us": as SECURITY.md has it. */
const GRAIN = 65_536;

/** Prints the greatest common divisor of some times, or why there are none. */
const GUEST = `
  const { create, globals } = require(process.argv[1]);
  Object.assign(globalThis, globals);
  (async () => {
    const adapter = await create([]).requestAdapter();
    const isSeen = adapter.features.has('timestamp-query');
    const device = await adapter.requestDevice({ requiredFeatures: ['timestamp-query'] }).catch(({ name }) => name);
    if (typeof device === 'string') return console.log(JSON.stringify({ isSeen, refusal: device }));
    const count = 64;
    const querySet = device.createQuerySet({ type: 'timestamp', count });
    const buffer = device.createBuffer({ size: 8 * count, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
    const readBack = device.createBuffer({ size: 8 * count, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = device.createCommandEncoder();
    for (let index = 0; index < count; index += 2) {
      encoder.beginComputePass({ timestampWrites: { querySet, beginningOfPassWriteIndex: index, endOfPassWriteIndex: index + 1 } }).end();
    }
    encoder.resolveQuerySet(querySet, 0, count, buffer, 0);
    encoder.copyBufferToBuffer(buffer, 0, readBack, 0, 8 * count);
    device.queue.submit([encoder.finish()]);
    await readBack.mapAsync(GPUMapMode.READ);
    let divisor = 0n;
    for (const time of new BigUint64Array(readBack.getMappedRange())) for (let rest = time; rest !== 0n; ) [divisor, rest] = [rest, divisor % rest];
    console.log(JSON.stringify({ isSeen, isCoarse: divisor % ${GRAIN}n === 0n, isOne: divisor > 0n }));
  })().then(() => process.exit());`;

async function seen(socketPath: string, driver = PROVIDER): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', GUEST, driver], { env: { ...process.env, GPUP_SOCKET: socketPath } });
  return JSON.parse(stdout);
}

const NONE = { isSeen: false, refusal: 'TypeError' };
const COARSE = { isSeen: true, isCoarse: true, isOne: true };
const FINE = { isSeen: true, isCoarse: false, isOne: true };

for (const [driver, path] of DRIVERS) {
  test(`each class, with the driver ${driver}`, async () => {
    for (const [timestamps, expected] of [['none', NONE], ['coarse', COARSE], ['fine', FINE], [undefined, COARSE]] as const) {
      const name = `t${timestamps ?? ''}`;
      const { socketPath, timestamps: given } = await ask(apiSocket(), 'createPartition', { name, ...(timestamps === undefined ? {} : { timestamps }) });
      equal(given, timestamps ?? 'coarse');
      deepEqual(await seen(socketPath, path), expected, name);
      await ask(apiSocket(), 'removePartition', name, { force: true });
    }
  });
}

test('a change is for guests to come, and coarser ones wait until those that have finer ones are gone', async (t) => {
  const { socketPath } = await ask(apiSocket(), 'createPartition', { name: 'changing', timestamps: 'fine' });
  deepEqual(await seen(socketPath), FINE);
  const guest = await waitingGuest(socketPath);
  t.after(() => guest.kill('SIGKILL'));
  await rejects(ask(apiSocket(), 'changePartition', 'changing', { timestamps: 'coarse' }), { code: 'timestamps-in-use' });
  deepEqual(await seen(socketPath), FINE);
  guest.kill('SIGKILL');
  await changed('changing', 'coarse');
  deepEqual(await seen(socketPath), COARSE);
  await changed('changing', 'none');
  deepEqual(await seen(socketPath), NONE);
});

/** It has a device, and does nothing. */
async function waitingGuest(socketPath: string): Promise<ChildProcess> {
  const script = `require(process.argv[1]).create([]).requestAdapter().then((adapter) => adapter.requestDevice()).then((device) => { globalThis.kept = device; setInterval(() => {}, 1000); console.log('ready'); });`;
  const child = spawn(process.execPath, ['-e', script, PROVIDER], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, GPUP_SOCKET: socketPath } });
  await once(child.stdout, 'data');
  return child;
}

/** As soon as the last guest is gone. */
async function changed(name: string, timestamps: 'none' | 'coarse'): Promise<void> {
  const isDone = (): Promise<boolean> => ask(apiSocket(), 'changePartition', name, { timestamps }).then(() => true, () => false);
  while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 10));
}

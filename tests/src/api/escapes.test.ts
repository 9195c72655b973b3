/** Escapes as a program calls them, from the provider module through a VF process to its figures. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { type EphemeralHost, PROVIDER_PATH, SOCKET_VARIABLE, startHost, TRANSPORT_VARIABLE } from '@gpup/guest';
import { type Transport, TRANSPORTS } from './testing/api.ts';

interface Statistics {
  readonly vramUsedBytes: number;
  readonly vramBudgetBytes: number | undefined;
  readonly objectCount: number;
  readonly latencyClass: string;
  readonly partitionVramUsedBytes: number;
}

interface Provider {
  create(flags: readonly string[]): GPU;
  callEscape(gpu: GPU, name: 'statistics'): Promise<Statistics>;
  callEscape(gpu: GPU, name: 'latency-class', request: { readonly latencyClass: string }): Promise<{ readonly previous: string }>;
  hostOf(gpu: GPU): Promise<{ readonly protocol: string; readonly featureLevel: string; readonly escapes: readonly string[] }>;
  readonly EscapeError: new (...args: never[]) => Error & { readonly code: string };
}

const { create, callEscape, hostOf, EscapeError } = createRequire(import.meta.url)(PROVIDER_PATH) as Provider;
const VRAM_BYTES = 64 << 20;

let open: EphemeralHost;
let closed: EphemeralHost;
before(async () => {
  [open, closed] = await Promise.all([
    startHost({ adapter: 'software', pool: 0, vramBytes: VRAM_BYTES, escapes: ['statistics', 'latency-class'] }),
    startHost({ adapter: 'software', pool: 0, escapes: [] }),
  ]);
});
after(() => Promise.all([open.end(), closed.end()]));

/** A GPU object whose context is at that host. */
async function gpuAt(host: EphemeralHost, transport: Transport): Promise<GPU> {
  process.env[SOCKET_VARIABLE] = host.socketPath;
  process.env[TRANSPORT_VARIABLE] = transport;
  const gpu = create([]);
  await gpu.requestAdapter();
  return gpu;
}

for (const transport of TRANSPORTS) {
  test(`${transport}: statistics follow what the program does`, async () => {
    const gpu = await gpuAt(open, transport);
    const device = await ((await gpu.requestAdapter()) as GPUAdapter).requestDevice();
    const before = await callEscape(gpu, 'statistics');
    equal(before.vramBudgetBytes, VRAM_BYTES);
    const buffer = device.createBuffer({ size: 1 << 20, usage: 8 });
    const during = await callEscape(gpu, 'statistics');
    equal(during.vramUsedBytes - before.vramUsedBytes, 1 << 20);
    ok(during.objectCount > before.objectCount);
    ok(during.partitionVramUsedBytes >= during.vramUsedBytes);
    buffer.destroy();
    equal((await callEscape(gpu, 'statistics')).vramUsedBytes, before.vramUsedBytes);
    device.destroy();
  });

  test(`${transport}: a latency class is kept`, async () => {
    const gpu = await gpuAt(open, transport);
    deepEqual(await callEscape(gpu, 'latency-class', { latencyClass: 'interactive' }), { previous: 'throughput' });
    equal((await callEscape(gpu, 'statistics')).latencyClass, 'interactive');
  });

  test(`${transport}: where nothing is open, that is what a program is told, and its context lives on`, async () => {
    const gpu = await gpuAt(closed, transport);
    deepEqual((await hostOf(gpu)).escapes, []);
    await rejects(callEscape(gpu, 'statistics'), (error) => {
      ok(error instanceof EscapeError);
      equal(error.code, 'escape-closed');
      match(error.message, /The escape statistics is closed; its partition has opened none\./);
      return true;
    });
    ok((await gpu.requestAdapter()) !== null);
  });
}

test('a host with an escape that does not exist does not start', async () => {
  await rejects(startHost({ adapter: 'software', escapes: ['everything'] }), /The escape \(everything\) is none of statistics, latency-class\./);
});

/** What a context holds on the host: its budget, and that dropped objects are given back. */
import { equal, ok } from 'node:assert/strict';
import { after, before } from 'node:test';
import { type EphemeralHost, SOCKET_VARIABLE, startHost } from '@gpup/guest';
import { api, deviceOf, errorOf, submit } from './testing/api.ts';

const MIB = 1 << 20;
const BUDGET_MIB = 512;

let host: EphemeralHost;
const earlier = process.env[SOCKET_VARIABLE];
before(async () => {
  host = await startHost({ adapter: 'software', vramBytes: BUDGET_MIB * MIB });
  process.env[SOCKET_VARIABLE] = host.socketPath;
});
after(async () => {
  if (earlier === undefined) delete process.env[SOCKET_VARIABLE];
  else process.env[SOCKET_VARIABLE] = earlier;
  await host.end();
});

/** Leaves 8 MiB. No single buffer may be as large as the budget. */
const fill = (device: GPUDevice): GPUBuffer[] => [1, 2, 3, 4].map(() => bufferOf(device, BUDGET_MIB / 4 - 2));
const bufferOf = (device: GPUDevice, mebibytes: number): GPUBuffer => device.createBuffer({ size: mebibytes * MIB, usage: GPUBufferUsage.COPY_DST });

api('more than the budget is an error of its own kind, and what was to be created is invalid', async (device) => {
  const most = fill(device);
  device.pushErrorScope('validation');
  device.pushErrorScope('out-of-memory');
  const refused = bufferOf(device, 16);
  const error = await device.popErrorScope();
  ok(error instanceof GPUOutOfMemoryError, String(error));
  equal(await device.popErrorScope(), null);
  ok((await errorOf(device, () => submit(device, (encoder) => encoder.clearBuffer(refused)))) !== null);
  equal(await errorOf(device, () => device.createTexture({ size: [4096, 4096], format: 'rgba8unorm', usage: GPUTextureUsage.COPY_DST }), 'out-of-memory') === null, false);
  for (const buffer of most) buffer.destroy();
  equal(await errorOf(device, () => bufferOf(device, 16), 'out-of-memory'), null);
});

api('a refused buffer that is mapped at creation is written without effect', async (device) => {
  const most = fill(device);
  let refused: GPUBuffer | undefined;
  ok((await errorOf(device, () => { refused = device.createBuffer({ size: 16 * MIB, usage: GPUBufferUsage.COPY_SRC, mappedAtCreation: true }); }, 'out-of-memory')) !== null);
  new Uint8Array(refused?.getMappedRange() as ArrayBuffer).fill(1);
  refused?.unmap();
  for (const buffer of most) buffer.destroy();
});

// Twice the budget in all. The driver starts collections by itself, the program only returns to its event loop.
for (const [what, create] of [
  ['buffers', (device) => bufferOf(device, 16)],
  ['buffers that are mapped', (device) => device.createBuffer({ size: 16 * MIB, usage: GPUBufferUsage.COPY_SRC, mappedAtCreation: true })],
  ['textures', (device) => device.createTexture({ size: [2048, 2048], format: 'rgba8unorm', usage: GPUTextureUsage.COPY_DST })],
  ['textures of which a view is dropped as well', (device) => device.createTexture({ size: [2048, 2048], format: 'rgba8unorm', usage: GPUTextureUsage.TEXTURE_BINDING }).createView()],
] as readonly (readonly [string, (device: GPUDevice) => unknown])[]) {
  api(`${what} that a program drops are released on the host`, async (device) => {
    for (let created = 0; created < (2 * BUDGET_MIB) / 16; created++) {
      create(device);
      if (created % 4 === 3) await device.queue.onSubmittedWorkDone();
    }
  });
}

api('devices that a program drops are released on the host', async (_device, { gpu }) => {
  // A context may have 256.
  for (let i = 0; i < 260; i++) await deviceOf(gpu);
});

api('an object lives on while others need it, though the program has dropped it', async (device) => {
  const module = device.createShaderModule({ code: '@group(0) @binding(0) var<storage, read_write> v: array<u32>; @compute @workgroup_size(1) fn main() { v[0] = v[0] + 1u; }' });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
  // The bind group is all that is kept of its buffer.
  const group = ((): GPUBindGroup => {
    const buffer = device.createBuffer({ size: 4, usage: GPUBufferUsage.STORAGE });
    return device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] });
  })();
  for (let round = 0; round < 60; round++) {
    for (let i = 0; i < 2; i++) bufferOf(device, 16);
    submit(device, (encoder) => {
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(1);
      pass.end();
    });
    await device.queue.onSubmittedWorkDone();
  }
});

import { ok } from 'node:assert/strict';
import type { HeapProfiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { test } from 'node:test';
import type { GPUComputePassEncoder, GPURenderPassEncoder } from './generated/interfaces.gen.ts';
import { openDevice } from './testing/open-device.ts';

/** Bytes between samples: fine enough for a byte a command over 10^5 commands. */
const SAMPLING_BYTES = 2048;

function bytesOf(node: HeapProfiler.SamplingHeapProfileNode): number {
  return node.selfSize + node.children.reduce((sum, child) => sum + bytesOf(child), 0);
}

/** Bytes on the JavaScript heap that `run` allocates, those included that a collection takes meanwhile: a statistical estimate. */
async function allocatedBytes(run: () => void): Promise<number> {
  const session = new Session();
  session.connect();
  try {
    // @types/node does not know the options that count what was collected.
    const options = { samplingInterval: SAMPLING_BYTES, includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };
    await session.post('HeapProfiler.startSampling', options);
    run();
    const { profile } = await session.post('HeapProfiler.stopSampling');
    return bytesOf(profile.head);
  } finally {
    session.disconnect();
  }
}

const { device, link } = await openDevice();
// A link that keeps what it is sent makes an object a packet.
link.send = () => {};
const layout = device.createBindGroupLayout({ entries: [] });
const group = device.createBindGroup({ layout, entries: [] });
const module = device.createShaderModule({ code: '' });
const pipeline = device.createRenderPipeline({ layout: 'auto', vertex: { module } });
const buffer = device.createBuffer({ size: 1024, usage: 0x30 });
const view = device.createTexture({ size: [16, 16], format: 'rgba8unorm', usage: 16 }).createView();
const data = new Uint8Array(256);
const OFFSETS = [256];
const OFFSET_WORDS = Uint32Array.of(0, 256);

const COMMAND_COUNT = 20_000;
/** What encoder, pass and command buffer take, and what the profile gets wrong, spread over the commands of one. */
const BYTES_PER_COMMAND_MAX = 4;
/** Functions are compiled in the background, when the machine has time for it. Until then they make an object a call. */
const ROUNDS_MAX = 200;

function inRenderPass(command: (pass: GPURenderPassEncoder, i: number) => void): () => void {
  return () => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginRenderPass({ colorAttachments: [{ view, loadOp: 'clear', storeOp: 'store' }] });
    for (let i = 0; i < COMMAND_COUNT; i++) command(pass, i);
    pass.end();
    device.queue.submit([encoder.finish()]);
  };
}

function inComputePass(command: (pass: GPUComputePassEncoder, i: number) => void): () => void {
  return () => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let i = 0; i < COMMAND_COUNT; i++) command(pass, i);
    pass.end();
    device.queue.submit([encoder.finish()]);
  };
}

test('the profile sees what is allocated, also what a collection takes meanwhile', async () => {
  const kept: number[][] = [];
  const bytes = await allocatedBytes(() => {
    for (let i = 0; i < 200_000; i++) kept[i % 8] = [i, i, i, i];
  });
  ok(bytes > 200_000 * 16, `${bytes} bytes`);
});

for (const [name, run] of [
  ['draw', inRenderPass((pass, i) => pass.draw(3, 1, i))],
  ['drawIndexed', inRenderPass((pass, i) => pass.drawIndexed(3, 1, i))],
  ['setPipeline', inRenderPass((pass) => pass.setPipeline(pipeline))],
  ['setBindGroup', inRenderPass((pass) => pass.setBindGroup(0, group))],
  ['setBindGroup with an array of offsets', inRenderPass((pass) => pass.setBindGroup(0, group, OFFSETS))],
  ['setBindGroup with a part of a Uint32Array', inRenderPass((pass) => pass.setBindGroup(0, group, OFFSET_WORDS, 1, 1))],
  ['setVertexBuffer', inRenderPass((pass, i) => pass.setVertexBuffer(0, buffer, (i % 8) * 4))],
  ['setIndexBuffer', inRenderPass((pass) => pass.setIndexBuffer(buffer, 'uint16'))],
  ['setScissorRect', inRenderPass((pass, i) => pass.setScissorRect(i % 8, 0, 4, 4))],
  ['dispatchWorkgroups', inComputePass((pass, i) => pass.dispatchWorkgroups(1 + (i % 8)))],
  ['writeBuffer', () => { for (let i = 0; i < COMMAND_COUNT; i++) device.queue.writeBuffer(buffer, 0, data); }],
] as const) {
  test(`${name} allocates nothing once it is compiled`, async () => {
    let bytesPerCommand = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS_MAX && bytesPerCommand > BYTES_PER_COMMAND_MAX; round++) {
      run();
      await new Promise((resolve) => setImmediate(resolve));
      bytesPerCommand = (await allocatedBytes(run)) / COMMAND_COUNT;
    }
    ok(bytesPerCommand <= BYTES_PER_COMMAND_MAX, `${bytesPerCommand} bytes a call`);
  });
}

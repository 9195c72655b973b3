import { deepEqual, equal, match } from 'node:assert/strict';
import { after, test } from 'node:test';
import { loadDawn } from '../boot/dawn.ts';
import { BUFFER_USAGE, MAP_MODE, TEXTURE_USAGE } from '../backend.ts';
import { openTestGpu } from '../testing/test-gpu.ts';
import { chooseExecutor } from './index.ts';

/** The same program by the binding, then directly: results, errors and what the binding is called for. */

const FACES = {
  GPURenderPassEncoder: ['setPipeline', 'setBindGroup', 'setVertexBuffer', 'setIndexBuffer', 'draw', 'drawIndexed', 'drawIndirect', 'drawIndexedIndirect'],
  GPURenderBundleEncoder: ['setPipeline', 'setBindGroup', 'setVertexBuffer', 'setIndexBuffer', 'draw', 'drawIndexed', 'drawIndirect', 'drawIndexedIndirect'],
  GPUComputePassEncoder: ['setPipeline', 'setBindGroup', 'dispatchWorkgroups', 'dispatchWorkgroupsIndirect'],
} as const;

const { gpu } = await openTestGpu('binding');
const { globals } = await loadDawn();

/** Commands that the binding recorded. */
let bindingCallCount = 0;
for (const [face, methods] of Object.entries(FACES)) {
  const { prototype } = globals[face] as { prototype: Record<string, (...values: unknown[]) => unknown> };
  for (const method of methods) {
    const original = prototype[method] as (...values: unknown[]) => unknown;
    prototype[method] = function (this: unknown, ...values: unknown[]) {
      bindingCallCount++;
      return original.apply(this, values);
    };
  }
}

const adapter = (await gpu.requestAdapter()) as GPUAdapter;
const device = await adapter.requestDevice();
/** The binding crashes where these are collected before the device. */
const kept = [gpu, adapter];
after(() => {
  device.destroy();
  kept.length = 0;
});

const { COPY_SRC, COPY_DST, MAP_READ, STORAGE, UNIFORM, VERTEX, INDEX, INDIRECT } = BUFFER_USAGE;
const SIZE = 64;
const VISIBLE_TO_ALL = 7;

function bufferOf(usage: number, words: readonly number[]): GPUBuffer {
  const buffer = device.createBuffer({ size: Math.max(words.length * 4, 512), usage: usage | COPY_DST });
  device.queue.writeBuffer(buffer, 0, Uint32Array.from(words));
  return buffer;
}

function floats(...values: number[]): number[] {
  return [...new Uint32Array(Float32Array.from(values).buffer)];
}

const module = device.createShaderModule({
  code: `
    @group(0) @binding(0) var<uniform> shift: vec4f;
    struct Out { @builtin(position) position: vec4f, @location(0) colour: vec4f }
    @vertex fn vs(@location(0) corner: vec2f, @location(1) colour: f32, @builtin(instance_index) instance: u32) -> Out {
      return Out(vec4f(corner * 0.2 + shift.xy + vec2f(f32(instance) * 0.3, 0), 0, 1), vec4f(colour, shift.z, 0.25, 1));
    }
    @fragment fn fs(in: Out) -> @location(0) vec4f { return in.colour; }

    @group(0) @binding(1) var<storage, read_write> sums: array<u32>;
    @compute @workgroup_size(1) fn add(@builtin(workgroup_id) id: vec3u) { sums[id.x + id.y * 2 + id.z * 4] += u32(shift.w); }`,
});
const layout = device.createBindGroupLayout({
  entries: [{ binding: 0, visibility: VISIBLE_TO_ALL, buffer: { hasDynamicOffset: true, minBindingSize: 16 } }],
});
const computeLayout = device.createBindGroupLayout({
  entries: [
    { binding: 0, visibility: VISIBLE_TO_ALL, buffer: { hasDynamicOffset: true, minBindingSize: 16 } },
    { binding: 1, visibility: 4, buffer: { type: 'storage' } },
  ],
});
const pipeline = device.createRenderPipeline({
  layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
  vertex: {
    module,
    buffers: [
      { arrayStride: 8, attributes: [{ shaderLocation: 0, offset: 0, format: 'float32x2' }] },
      { arrayStride: 4, stepMode: 'instance', attributes: [{ shaderLocation: 1, offset: 0, format: 'float32' }] },
    ],
  },
  fragment: { module, targets: [{ format: 'rgba8unorm' }] },
});
const computePipeline = device.createComputePipeline({ layout: device.createPipelineLayout({ bindGroupLayouts: [computeLayout] }), compute: { module } });

const corners = bufferOf(VERTEX, floats(9, 9, 9, 9, -1, -1, 1, -1, -1, 1, 1, 1));
const colours = bufferOf(VERTEX, floats(9, 9, 0.5, 1, 0.75, 0.25));
const shorts = bufferOf(INDEX, [0x0001_0000, 0x0003_0002, 0x0000_0001]);
const words = bufferOf(INDEX, [9, 0, 1, 2, 1, 2, 3]);
const shifts = bufferOf(UNIFORM, [...floats(-0.6, -0.6, 0.25, 3), ...new Array<number>(60).fill(0), ...floats(0.2, 0.4, 0.75, 5)]);
const calls = bufferOf(INDIRECT, [9, 3, 1, 2, 1, /* indexed */ 3, 1, 1, 0, 0, /* workgroups */ 2, 1, 1]);
const sums = bufferOf(STORAGE | COPY_SRC, []);
const group = device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: shifts, size: 16 } }] });
const computeGroup = device.createBindGroup({ layout: computeLayout, entries: [{ binding: 0, resource: { buffer: shifts, size: 16 } }, { binding: 1, resource: { buffer: sums } }] });
const target = device.createTexture({ size: [SIZE, SIZE], format: 'rgba8unorm', usage: TEXTURE_USAGE.RENDER_ATTACHMENT | TEXTURE_USAGE.COPY_SRC });
const view = target.createView();

function bind(encoder: GPUBindingCommandsMixin, bindGroup: GPUBindGroup, offset: number): void {
  encoder.setBindGroup(0, bindGroup, Uint32Array.of(offset), 0, 1);
}

/** Every command that can be direct. */
function drawAll(encoder: GPURenderPassEncoder | GPURenderBundleEncoder): void {
  encoder.setPipeline(pipeline);
  encoder.setVertexBuffer(3, null);
  encoder.setBindGroup(1, null);
  bind(encoder, group, 0);
  encoder.setVertexBuffer(0, corners, 16);
  encoder.setVertexBuffer(1, colours, 8, 16);
  encoder.draw(3, 2, 1, 1);
  encoder.setIndexBuffer(shorts, 'uint16', 0, 12);
  encoder.drawIndexed(3, 1, 1, 0, 2);
  bind(encoder, group, 256);
  encoder.setIndexBuffer(words, 'uint32', 4);
  encoder.drawIndexed(6, 1, 0, 0, 0);
  encoder.drawIndexed(3, 2, 3, -1, 0);
  bind(encoder, group, 0);
  encoder.drawIndirect(calls, 4);
  encoder.drawIndexedIndirect(calls, 20);
}

async function contents(buffer: GPUBuffer, byteLength: number): Promise<readonly number[]> {
  const staging = device.createBuffer({ size: byteLength, usage: MAP_READ | COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, byteLength);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(MAP_MODE.READ);
  const copy = [...new Uint32Array(staging.getMappedRange().slice(0))];
  staging.destroy();
  return copy;
}

async function pixels(draw: (pass: GPURenderPassEncoder) => void): Promise<readonly number[]> {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginRenderPass({ colorAttachments: [{ view, loadOp: 'clear', storeOp: 'store' }] });
  draw(pass);
  pass.end();
  const copy = device.createBuffer({ size: SIZE * SIZE * 4, usage: COPY_SRC | COPY_DST });
  encoder.copyTextureToBuffer({ texture: target }, { buffer: copy, bytesPerRow: SIZE * 4 }, [SIZE, SIZE]);
  device.queue.submit([encoder.finish()]);
  return contents(copy, SIZE * SIZE * 4);
}

function bundle(draw: (encoder: GPURenderBundleEncoder) => void): GPURenderBundle {
  const encoder = device.createRenderBundleEncoder({ colorFormats: ['rgba8unorm'] });
  draw(encoder);
  return encoder.finish();
}

async function computed(): Promise<readonly number[]> {
  device.queue.writeBuffer(sums, 0, new Uint32Array(8));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(computePipeline);
  bind(pass, computeGroup, 256);
  pass.dispatchWorkgroups(2, 1, 2);
  // Dawn warns of it, which is a callback too, but none into JavaScript.
  pass.dispatchWorkgroups(1, 0, 1);
  bind(pass, computeGroup, 0);
  pass.dispatchWorkgroupsIndirect(calls, 40);
  pass.end();
  device.queue.submit([encoder.finish()]);
  return contents(sums, 32);
}

/** What is wrong about a pass, as a scope has it. */
async function complaint(record: (pass: GPURenderPassEncoder) => void): Promise<string> {
  device.pushErrorScope('validation');
  const encoder = device.createCommandEncoder({ label: 'E' });
  const pass = encoder.beginRenderPass({ label: 'P', colorAttachments: [{ view, loadOp: 'clear', storeOp: 'store' }] });
  record(pass);
  pass.end();
  encoder.finish();
  return (await device.popErrorScope())?.message ?? '';
}

/** What is wrong and nobody waits for, as the device reports it. */
function uncaptured(): Promise<string> {
  return new Promise((resolve) => {
    device.onuncapturederror = ({ error }) => {
      device.onuncapturederror = null;
      resolve(error.message);
    };
    bundle((encoder) => encoder.draw(3));
  });
}

const invalid = await complaint(() => {}).then(() => {
  device.pushErrorScope('validation');
  const group0 = device.createBindGroup({ label: 'G', layout, entries: [] });
  void device.popErrorScope();
  return group0;
});

async function everything(): Promise<object> {
  const allBundled = bundle(drawAll);
  return {
    drawn: await pixels(drawAll),
    bundled: await pixels((pass) => pass.executeBundles([allBundled])),
    computed: await computed(),
    noPipeline: await complaint((pass) => pass.draw(3)),
    badOffset: await complaint((pass) => bind(pass, group, 1)),
    tooManyOffsets: await complaint((pass) => pass.setBindGroup(0, group, new Uint32Array(100), 0, 100)),
    invalidGroup: await complaint((pass) => bind(pass, invalid, 0)),
    badSlot: await complaint((pass) => pass.setVertexBuffer(99, corners, 0, 4)),
    wrongUsage: await complaint((pass) => pass.setIndexBuffer(corners, 'uint16')),
    farOffset: await complaint((pass) => pass.drawIndirect(calls, 2 ** 53 - 4)),
    uncaptured: await uncaptured(),
  };
}

test('results and errors are those of the binding, which records no more than it must', async () => {
  const byBinding = (await everything()) as Record<string, unknown>;
  equal(new Set(byBinding['drawn'] as number[]).size > 4, true);
  deepEqual(byBinding['computed'], [8, 8, 0, 0, 5, 5, 0, 0]);
  for (const name of ['noPipeline', 'badOffset', 'tooManyOffsets', 'invalidGroup', 'badSlot', 'wrongUsage', 'farOffset', 'uncaptured']) match(byBinding[name] as string, /\w/, name);

  deepEqual(chooseExecutor(globals, 'direct').executor, { kind: 'direct', reason: '' });
  bindingCallCount = 0;
  deepEqual(await everything(), byBinding);
  // No buffer in a slot, twice, and more offsets than any layout has.
  equal(bindingCallCount, 3);
});

import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { after, test } from 'node:test';
import * as encode from '@gpup/wire/encode';
import type { Writer } from '@gpup/wire';
import { BUFFER_USAGE, MAP_MODE, TEXTURE_USAGE } from './backend.ts';
import { bytes, clearPass, finished, greeted } from './testing/greeted.ts';
import { extent } from './testing/scripted-guest.ts';
import { openTestGpu } from './testing/test-gpu.ts';

const backend = await openTestGpu();
const context = await greeted(backend);
const { guest, device } = context;
after(() => finished(context));

const { COPY_SRC, COPY_DST, STORAGE, UNIFORM, INDIRECT, VERTEX, INDEX } = BUFFER_USAGE;
const ORIGIN = { x: 0, y: 0, z: 0 };
const SIZE = 4;
const ROW_BYTES = 256;
const RED = bytes(255, 0, 0, 255);
const BLACK = bytes(0, 0, 0, 255);

const TRIANGLE = `
@vertex fn vs(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
  return vec4f(f32(i32(i & 1u) * 4 - 1), f32(i32(i >> 1u) * 4 - 1), 0, 1);
}
@fragment fn fs() -> @location(0) vec4f { return vec4f(1, 0, 0, 1); }`;

async function texel(texture: number, x: number, y: number): Promise<Uint8Array> {
  const buffer = guest.buffer(device, { size: ROW_BYTES * SIZE, usage: COPY_DST | COPY_SRC });
  guest.run(device, (w) =>
    encode.recordGPUCommandEncoderCopyTextureToBuffer(w, { handle: texture }, 0, ORIGIN, 'all', { handle: buffer }, { offset: 0, bytesPerRow: ROW_BYTES }, extent(SIZE, SIZE)),
  );
  const contents = await guest.contents(device, buffer, ROW_BYTES * SIZE);
  return contents.slice(y * ROW_BYTES + x * 4, y * ROW_BYTES + x * 4 + 4);
}

function target(usage = 0): number {
  return guest.texture(device, { size: extent(SIZE, SIZE), usage: TEXTURE_USAGE.RENDER_ATTACHMENT | TEXTURE_USAGE.COPY_SRC | usage });
}

function renderPass(view: number, draw: (w: Writer) => void): (w: Writer) => void {
  return (w) => {
    encode.recordGPUCommandEncoderBeginRenderPass(w, clearPass(view, { r: 0, g: 0, b: 0, a: 1 }));
    draw(w);
    encode.recordGPURenderPassEncoderEnd(w);
  };
}

async function noError(action: () => void): Promise<void> {
  equal(await guest.errorOf(device, action), null);
}

test('a compute pass reads one buffer and writes another', async () => {
  const module = guest.module(device, `
    @group(0) @binding(0) var<storage, read> source: array<u32>;
    @group(0) @binding(1) var<storage, read_write> squares: array<u32>;
    @compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id: vec3u) { squares[id.x] = source[id.x] * source[id.x]; }`);
  const pipeline = guest.computePipeline(device, module);
  const layout = guest.layoutOf(pipeline, 0);
  const source = guest.buffer(device, { size: 16, usage: STORAGE | COPY_DST });
  const squares = guest.buffer(device, { size: 16, usage: STORAGE | COPY_SRC });
  const counts = guest.buffer(device, { size: 12, usage: INDIRECT | COPY_DST });
  guest.writeBuffer(device, source, 0, new Uint8Array(Uint32Array.of(1, 2, 3, 4).buffer));
  guest.writeBuffer(device, counts, 0, new Uint8Array(Uint32Array.of(1, 1, 1).buffer));
  await noError(() => {
    const group = guest.bindGroup(device, layout, [{ buffer: { handle: source }, offset: 0 }, { handle: squares }]);
    guest.run(device, (w) => {
      encode.recordGPUCommandEncoderBeginComputePass(w, { label: '' });
      encode.recordGPUComputePassEncoderSetPipeline(w, { handle: pipeline });
      encode.recordGPUBindingCommandsMixinSetBindGroup(w, 0, { handle: group }, []);
      encode.recordGPUComputePassEncoderDispatchWorkgroups(w, 1, 1, 1);
      encode.recordGPUComputePassEncoderDispatchWorkgroupsIndirect(w, { handle: counts }, 0);
      encode.recordGPUComputePassEncoderEnd(w);
    });
  });
  const result = await guest.contents(device, squares, 16);
  deepEqual([...new Uint32Array(result.buffer)], [1, 4, 9, 16]);
});

test('dynamic offsets and immediates reach the shader', async () => {
  const module = guest.module(device, `
    requires immediate_address_space;
    var<immediate> factor: u32;
    @group(0) @binding(0) var<uniform> value: u32;
    @group(0) @binding(1) var<storage, read_write> product: array<u32>;
    @compute @workgroup_size(1) fn main() { product[0] = value * factor; }`);
  const layout = guest.bindGroupLayout(device, [
    { binding: 0, visibility: 4, buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: 0 } },
    { binding: 1, visibility: 4, buffer: { type: 'storage', hasDynamicOffset: false, minBindingSize: 0 } },
  ]);
  const pipelineLayout = guest.handle();
  const pipeline = guest.handle();
  await noError(() => {
    guest.post((w) => {
      encode.encodeGPUDeviceCreatePipelineLayout(w, device.handle, pipelineLayout, { label: '', bindGroupLayouts: [{ handle: layout }], immediateSize: 4 });
      encode.encodeGPUDeviceCreateComputePipeline(w, device.handle, pipeline, { label: '', layout: { handle: pipelineLayout }, compute: { module: { handle: module }, constants: [] } });
    });
  });
  const values = guest.buffer(device, { size: 512, usage: UNIFORM | COPY_DST });
  guest.writeBuffer(device, values, 256, bytes(7, 0, 0, 0));
  const product = guest.buffer(device, { size: 4, usage: STORAGE | COPY_SRC });
  await noError(() => {
    const group = guest.bindGroup(device, layout, [{ buffer: { handle: values }, offset: 0, size: 16 }, { handle: product }]);
    guest.run(device, (w) => {
      encode.recordGPUCommandEncoderBeginComputePass(w, { label: '' });
      encode.recordGPUComputePassEncoderSetPipeline(w, { handle: pipeline });
      encode.recordGPUBindingCommandsMixinSetBindGroup(w, 0, { handle: group }, [256]);
      encode.recordGPUBindingCommandsMixinSetImmediates(w, 0, bytes(6, 0, 0, 0));
      encode.recordGPUComputePassEncoderDispatchWorkgroups(w, 1, 1, 1);
      encode.recordGPUComputePassEncoderEnd(w);
    });
  });
  deepEqual(await guest.contents(device, product, 4), bytes(42, 0, 0, 0));
});

for (const kind of ['view', 'texture'] as const) {
  test(`a triangle is drawn into a ${kind}`, async () => {
    const texture = target();
    const attachment = kind === 'view' ? guest.view(texture) : texture;
    const pipeline = guest.renderPipeline(device, guest.module(device, TRIANGLE));
    await noError(() =>
      guest.run(device, renderPass(attachment, (w) => {
        encode.recordGPURenderCommandsMixinSetPipeline(w, { handle: pipeline });
        encode.recordGPURenderPassEncoderSetViewport(w, 0, 0, SIZE, SIZE, 0, 1);
        encode.recordGPURenderPassEncoderSetScissorRect(w, 0, 0, 2, SIZE);
        encode.recordGPURenderPassEncoderSetBlendConstant(w, { r: 0, g: 0, b: 0, a: 0 });
        encode.recordGPURenderPassEncoderSetStencilReference(w, 0);
        encode.recordGPURenderCommandsMixinDraw(w, 3, 1, 0, 0);
      })),
    );
    deepEqual(await texel(texture, 1, 3), RED);
    deepEqual(await texel(texture, 2, 3), BLACK);
  });
}

test('a bundle draws what was recorded in it, also after its parts were dropped', async () => {
  const texture = target();
  const pipeline = guest.renderPipeline(device, guest.module(device, TRIANGLE));
  const indexes = guest.buffer(device, { size: 8, usage: INDEX | COPY_DST });
  guest.writeBuffer(device, indexes, 0, bytes(0, 0, 1, 0, 2, 0, 0, 0));
  const bundle = guest.bundle(device, (w) => {
    encode.recordGPURenderCommandsMixinSetPipeline(w, { handle: pipeline });
    encode.recordGPURenderCommandsMixinSetIndexBuffer(w, { handle: indexes }, 'uint16', 0, undefined);
    encode.recordGPURenderCommandsMixinDrawIndexed(w, 3, 1, 0, 0, 0);
  });
  guest.release(pipeline, indexes);
  await noError(() => guest.run(device, renderPass(texture, (w) => encode.recordGPURenderPassEncoderExecuteBundles(w, [{ handle: bundle }]))));
  deepEqual(await texel(texture, 0, 0), RED);
});

test('indirect draws and vertex buffers are taken from buffers', async () => {
  const texture = target();
  const pipeline = guest.renderPipeline(device, guest.module(device, TRIANGLE));
  const args = guest.buffer(device, { size: 16, usage: INDIRECT | VERTEX | COPY_DST });
  guest.writeBuffer(device, args, 0, new Uint8Array(Uint32Array.of(3, 1, 0, 0).buffer));
  await noError(() =>
    guest.run(device, renderPass(texture, (w) => {
      encode.recordGPURenderCommandsMixinSetPipeline(w, { handle: pipeline });
      encode.recordGPURenderCommandsMixinSetVertexBuffer(w, 0, { handle: args }, 0, undefined);
      encode.recordGPURenderCommandsMixinSetVertexBuffer(w, 0, null, 0, undefined);
      encode.recordGPURenderCommandsMixinDrawIndirect(w, { handle: args }, 0);
    })),
  );
  deepEqual(await texel(texture, 3, 0), RED);
});

test('texels that were written are copied between textures', async () => {
  const usage = TEXTURE_USAGE.COPY_SRC | TEXTURE_USAGE.COPY_DST;
  const [source, destination] = [guest.texture(device, { usage }), guest.texture(device, { usage })];
  await noError(() => {
    const data = Uint8Array.from({ length: 64 }, (_, i) => i);
    guest.post((w) => encode.encodeGPUQueueWriteTexture(w, device.queue, { handle: source }, 0, ORIGIN, 'all', { offset: 0, bytesPerRow: 16 }, extent(4, 4), 0, data));
    guest.run(device, (w) =>
      encode.recordGPUCommandEncoderCopyTextureToTexture(w, { handle: source }, 0, { x: 1, y: 1, z: 0 }, 'all', { handle: destination }, 0, ORIGIN, 'all', extent(1, 1)),
    );
  });
  deepEqual(await texel(destination, 0, 0), bytes(20, 21, 22, 23));
});

test('occlusion queries are resolved into a buffer', async () => {
  const set = guest.querySet(device, 1);
  const results = guest.buffer(device, { size: 8, usage: BUFFER_USAGE.QUERY_RESOLVE | COPY_SRC });
  const pipeline = guest.renderPipeline(device, guest.module(device, TRIANGLE));
  const texture = target();
  await noError(() =>
    guest.run(device, (w) => {
      encode.recordGPUCommandEncoderBeginRenderPass(w, { ...clearPass(texture), occlusionQuerySet: { handle: set } });
      encode.recordGPURenderPassEncoderBeginOcclusionQuery(w, 0);
      encode.recordGPURenderCommandsMixinSetPipeline(w, { handle: pipeline });
      encode.recordGPURenderCommandsMixinDraw(w, 3, 1, 0, 0);
      encode.recordGPURenderPassEncoderEndOcclusionQuery(w);
      encode.recordGPURenderPassEncoderEnd(w);
      encode.recordGPUCommandEncoderResolveQuerySet(w, { handle: set }, 0, 1, { handle: results }, 0);
    }),
  );
  notEqual((await guest.contents(device, results, 8))[0], 0);
});

test('a texture is used as it was declared and not as it was made', async () => {
  const layout = guest.bindGroupLayout(device, [{ binding: 0, visibility: 4, texture: { sampleType: 'depth', viewDimension: '2d', multisampled: false } }]);
  const depth = guest.texture(device, { format: 'depth24plus', usage: TEXTURE_USAGE.RENDER_ATTACHMENT });
  for (const resource of [depth, guest.view(depth)]) {
    notEqual(await guest.errorOf(device, () => { guest.bindGroup(device, layout, [{ handle: resource }]); }), null);
  }
  const sampled = guest.texture(device, { format: 'depth24plus', usage: TEXTURE_USAGE.TEXTURE_BINDING });
  await noError(() => { guest.bindGroup(device, layout, [{ handle: sampled }]); });
  for (const view of [sampled, guest.view(sampled)]) {
    const depthStencilAttachment = { view: { handle: view }, depthLoadOp: 'clear', depthStoreOp: 'store', depthClearValue: 1, depthReadOnly: false, stencilReadOnly: false, stencilClearValue: 0 } as const;
    notEqual(await guest.errorOf(device, () => {
      guest.commandBuffer(device, (w) => {
        encode.recordGPUCommandEncoderBeginRenderPass(w, { label: '', colorAttachments: [], depthStencilAttachment, maxDrawCount: 1 });
        encode.recordGPURenderPassEncoderEnd(w);
      });
    }), null);
  }
});

/** https://gpuweb.github.io/gpuweb/#promise-ordering: a map may be done before work that was asked for earlier. */
test('replies about finished work come in order, and after those to maps that were requested before', async () => {
  const buffer = guest.buffer(device, { size: 8, usage: BUFFER_USAGE.MAP_READ | COPY_DST });
  guest.writeBuffer(device, buffer, 0, bytes(1, 2, 3, 4));
  guest.submit(device);
  guest.order.length = 0;
  const requests = [guest.done(device), guest.map(buffer, MAP_MODE.READ, { size: 8 }), guest.done(device)];
  await Promise.all(requests);
  equal(guest.order.length, 3);
  equal(guest.order.at(-1), Math.max(...guest.order));
});


/** Bind groups and their forms: https://gpuweb.github.io/gpuweb/#bind-groups */
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { api, contentsOf, errorOf, submit } from './testing/api.ts';

/** Adds what the bindings hold, so that each binding shows in the result. */
const SHADER = `
  @group(0) @binding(0) var<storage, read_write> result: array<u32>;
  @group(0) @binding(1) var<storage, read> source: array<u32>;
  @group(0) @binding(2) var<uniform> factor: vec4u;
  @group(0) @binding(3) var picture: texture_2d<f32>;
  @group(0) @binding(4) var nearest: sampler;
  @compute @workgroup_size(1) fn main() {
    result[0] = source[0] * factor.x;
    result[1] = u32(textureLoad(picture, vec2u(0), 0).r * 255.0);
    result[2] = u32(textureSampleLevel(picture, nearest, vec2f(0.9), 0).g * 255.0);
    result[3] = arrayLength(&source);
  }`;

interface Bound {
  readonly pipeline: GPUComputePipeline;
  readonly result: GPUBuffer;
  readonly source: GPUBuffer;
  readonly factor: GPUBuffer;
  readonly picture: GPUTexture;
  readonly sampler: GPUSampler;
}

function boundOf(device: GPUDevice): Bound {
  const { STORAGE, COPY_SRC, COPY_DST, UNIFORM } = GPUBufferUsage;
  const source = device.createBuffer({ size: 1024, usage: STORAGE | COPY_DST });
  const factor = device.createBuffer({ size: 512, usage: UNIFORM | COPY_DST });
  const picture = device.createTexture({ size: [2, 2], format: 'rgba8unorm', usage: GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_DST });
  device.queue.writeBuffer(source, 0, Uint32Array.of(5));
  device.queue.writeBuffer(source, 256, Uint32Array.of(6));
  device.queue.writeBuffer(factor, 0, Uint32Array.of(10));
  device.queue.writeBuffer(factor, 256, Uint32Array.of(100));
  device.queue.writeTexture({ texture: picture }, Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0), { bytesPerRow: 8 }, [2, 2]);
  return {
    pipeline: device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code: SHADER }) } }),
    result: device.createBuffer({ size: 16, usage: STORAGE | COPY_SRC }),
    source,
    factor,
    picture,
    sampler: device.createSampler(),
  };
}

async function run(device: GPUDevice, { pipeline, result }: Bound, setGroup: (pass: GPUComputePassEncoder) => void): Promise<number[]> {
  submit(device, (encoder) => {
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    setGroup(pass);
    pass.dispatchWorkgroups(1);
    pass.end();
  });
  return [...new Uint32Array((await contentsOf(device, result)).buffer)];
}

function groupOf(device: GPUDevice, bound: Bound, resources: readonly GPUBindingResource[], layout = bound.pipeline.getBindGroupLayout(0)): GPUBindGroup {
  return device.createBindGroup({ layout, entries: resources.map((resource, binding) => ({ binding, resource })) });
}

api('buffers and textures stand for the whole of themselves', async (device) => {
  const bound = boundOf(device);
  const group = groupOf(device, bound, [bound.result, bound.source, bound.factor, bound.picture, bound.sampler]);
  deepEqual(await run(device, bound, (pass) => pass.setBindGroup(0, group)), [50, 7, 9, 256]);
});

api('ranges of buffers and views of textures are bound as they are', async (device) => {
  const bound = boundOf(device);
  const group = groupOf(device, bound, [
    { buffer: bound.result }, { buffer: bound.source, offset: 256 }, { buffer: bound.factor, offset: 256, size: 16 }, bound.picture.createView(), bound.sampler,
  ]);
  deepEqual(await run(device, bound, (pass) => pass.setBindGroup(0, group)), [600, 7, 9, 192]);
});

api('dynamic offsets in both forms', async (device) => {
  const bound = boundOf(device);
  const visibility = GPUShaderStage.COMPUTE;
  const layout = device.createBindGroupLayout({
    entries: [
      { binding: 0, visibility, buffer: { type: 'storage' } },
      { binding: 1, visibility, buffer: { type: 'read-only-storage', hasDynamicOffset: true } },
      { binding: 2, visibility, buffer: { hasDynamicOffset: true } },
      { binding: 3, visibility, texture: {} },
      { binding: 4, visibility, sampler: {} },
    ],
  });
  const compute = { module: device.createShaderModule({ code: SHADER }) };
  const pipeline = device.createComputePipeline({ layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }), compute });
  const group = groupOf(device, bound, [bound.result, { buffer: bound.source, size: 256 }, { buffer: bound.factor, size: 16 }, bound.picture, bound.sampler], layout);
  const dynamic = { ...bound, pipeline };
  const first = async (setGroup: (pass: GPUComputePassEncoder) => void): Promise<number | undefined> => (await run(device, dynamic, setGroup))[0];
  equal(await first((pass) => pass.setBindGroup(0, group, [0, 256])), 500);
  equal(await first((pass) => pass.setBindGroup(0, group, [256, 0])), 60);
  const offsets = Uint32Array.of(0, 256, 256, 0);
  equal(await first((pass) => pass.setBindGroup(0, group, offsets, 1, 2)), 600);
  equal(await first((pass) => {
    pass.setBindGroup(0, group, offsets, 0, 2);
    // The offsets of the call, not of the submit.
    offsets.fill(256);
  }), 500);
  ok((await errorOf(device, () => submit(device, (encoder) => {
    const pass = encoder.beginComputePass();
    pass.setBindGroup(0, group, [0]);
    pass.end();
  }))) !== null);
  throws(() => device.createCommandEncoder().beginComputePass().setBindGroup(0, group, offsets, 3, 2), RangeError);
});

api('descriptors may be used again and changed at once', async (device) => {
  const bound = boundOf(device);
  const range: GPUBufferBinding = { buffer: bound.factor, offset: 0, size: 16 };
  const entries = [bound.result, bound.source, range, bound.picture, bound.sampler].map((resource, binding): GPUBindGroupEntry => ({ binding, resource }));
  const descriptor = { layout: bound.pipeline.getBindGroupLayout(0), entries };
  const first = device.createBindGroup(descriptor);
  range.offset = 256;
  const second = device.createBindGroup(descriptor);
  entries.length = 0;
  equal((await run(device, bound, (pass) => pass.setBindGroup(0, first)))[0], 50);
  equal((await run(device, bound, (pass) => pass.setBindGroup(0, second)))[0], 500);
});

api('a bind group of null unbinds', async (device) => {
  const bound = boundOf(device);
  const group = groupOf(device, bound, [bound.result, bound.source, bound.factor, bound.picture, bound.sampler]);
  ok((await errorOf(device, () => submit(device, (encoder) => {
    const pass = encoder.beginComputePass();
    pass.setPipeline(bound.pipeline);
    pass.setBindGroup(0, group);
    pass.setBindGroup(0, null);
    pass.dispatchWorkgroups(1);
    pass.end();
  }))) !== null);
});

for (const [what, wrong] of [
  ['a texture where a buffer is due', (bound) => [bound.picture, bound.source, bound.factor, bound.picture, bound.sampler]],
  ['a buffer where a texture is due', (bound) => [bound.result, bound.source, bound.factor, bound.factor, bound.sampler]],
  ['a binding too few', (bound) => [bound.result, bound.source, bound.factor, bound.picture]],
  ['a range beyond its buffer', (bound) => [bound.result, { buffer: bound.source, offset: 2048 }, bound.factor, bound.picture, bound.sampler]],
  ['a usage that was not declared', (bound) => [bound.result, bound.source, bound.source, bound.picture, bound.sampler]],
] as readonly (readonly [string, (bound: Bound) => GPUBindingResource[]])[]) {
  api(`${what} is a validation error`, async (device) => {
    const bound = boundOf(device);
    ok((await errorOf(device, () => groupOf(device, bound, wrong(bound)))) !== null);
  });
}

api('what is no resource is a TypeError', async (device) => {
  const layout = device.createBindGroupLayout({ entries: [] });
  for (const resource of [undefined, null, {}, 5, 'auto', device, layout, { buffer: {} }]) {
    throws(() => device.createBindGroup({ layout, entries: [{ binding: 0, resource: resource as unknown as GPUBindingResource }] }), TypeError);
  }
});

api('objects of another device are refused', async (device, { openDevice }) => {
  const bound = boundOf(device);
  const other = await openDevice();
  const theirs = other.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE });
  ok((await errorOf(device, () => groupOf(device, bound, [theirs, bound.source, bound.factor, bound.picture, bound.sampler]))) !== null);
  ok((await errorOf(device, () => device.queue.submit([other.createCommandEncoder().finish()]))) !== null);
});

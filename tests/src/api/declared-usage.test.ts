/**
 * The host creates objects with more usage than a program declared. What a program may do goes by what it
 * declared: https://gpuweb.github.io/gpuweb/#buffer-usage, https://gpuweb.github.io/gpuweb/#texture-usage
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { api, errorOf, submit } from './testing/api.ts';

type Attempt = (device: GPUDevice, usage: number) => unknown;

const buffer = (device: GPUDevice, usage: number): GPUBuffer => device.createBuffer({ size: 256, usage });
const texture = (device: GPUDevice, usage: number, format: GPUTextureFormat = 'rgba8unorm'): GPUTexture => device.createTexture({ size: [4, 4], format, usage });
const finished = (device: GPUDevice, record: (encoder: GPUCommandEncoder) => void): void => submit(device, record);

/** What is done, the usage that allows it, and one that does not. */
const bufferUses: readonly (readonly [string, keyof typeof GPUBufferUsage, keyof typeof GPUBufferUsage, Attempt])[] = [
  ['writeBuffer', 'COPY_DST', 'VERTEX', (device, usage) => device.queue.writeBuffer(buffer(device, usage), 0, new Uint8Array(4))],
  ['clearBuffer', 'COPY_DST', 'COPY_SRC', (device, usage) => finished(device, (encoder) => encoder.clearBuffer(buffer(device, usage)))],
  ['a copy from it', 'COPY_SRC', 'COPY_DST', (device, usage) => finished(device, (encoder) => encoder.copyBufferToBuffer(buffer(device, usage), buffer(device, GPUBufferUsage.COPY_DST)))],
  ['a copy to it', 'COPY_DST', 'STORAGE', (device, usage) => finished(device, (encoder) => encoder.copyBufferToBuffer(buffer(device, GPUBufferUsage.COPY_SRC), buffer(device, usage)))],
  ['a copy to a texture', 'COPY_SRC', 'UNIFORM', (device, usage) => finished(device, (encoder) => encoder.copyBufferToTexture({ buffer: buffer(device, usage) }, { texture: texture(device, GPUTextureUsage.COPY_DST) }, [4, 1]))],
  ['a copy from a texture', 'COPY_DST', 'UNIFORM', (device, usage) => finished(device, (encoder) => encoder.copyTextureToBuffer({ texture: texture(device, GPUTextureUsage.COPY_SRC) }, { buffer: buffer(device, usage) }, [4, 1]))],
  ['resolveQuerySet', 'QUERY_RESOLVE', 'COPY_DST', (device, usage) => finished(device, (encoder) => encoder.resolveQuerySet(device.createQuerySet({ type: 'occlusion', count: 1 }), 0, 1, buffer(device, usage), 0))],
  ['an indirect dispatch', 'INDIRECT', 'COPY_DST', (device, usage) => finished(device, (encoder) => {
    const pass = encoder.beginComputePass();
    pass.setPipeline(device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code: '@compute @workgroup_size(1) fn main() {}' }) } }));
    pass.dispatchWorkgroupsIndirect(buffer(device, usage), 0);
    pass.end();
  })],
  ['setIndexBuffer', 'INDEX', 'VERTEX', (device, usage) => finished(device, (encoder) => {
    const pass = encoder.beginRenderPass({ colorAttachments: [{ view: texture(device, GPUTextureUsage.RENDER_ATTACHMENT), loadOp: 'clear', storeOp: 'store' }] });
    pass.setIndexBuffer(buffer(device, usage), 'uint16');
    pass.end();
  })],
  ['setVertexBuffer', 'VERTEX', 'INDEX', (device, usage) => finished(device, (encoder) => {
    const pass = encoder.beginRenderPass({ colorAttachments: [{ view: texture(device, GPUTextureUsage.RENDER_ATTACHMENT), loadOp: 'clear', storeOp: 'store' }] });
    pass.setVertexBuffer(0, buffer(device, usage));
    pass.end();
  })],
];

for (const [what, allowing, other, attempt] of bufferUses) {
  api(`${what} needs ${allowing}, and ${other} is not enough`, async (device) => {
    equal(await errorOf(device, () => attempt(device, GPUBufferUsage[allowing] as number)), null);
    ok((await errorOf(device, () => attempt(device, GPUBufferUsage[other] as number))) !== null);
  });
}

const textureUses: readonly (readonly [string, keyof typeof GPUTextureUsage, keyof typeof GPUTextureUsage, Attempt])[] = [
  ['writeTexture', 'COPY_DST', 'TEXTURE_BINDING', (device, usage) => device.queue.writeTexture({ texture: texture(device, usage) }, new Uint8Array(16), {}, [4])],
  ['a copy from it', 'COPY_SRC', 'TEXTURE_BINDING', (device, usage) => finished(device, (encoder) => encoder.copyTextureToTexture({ texture: texture(device, usage) }, { texture: texture(device, GPUTextureUsage.COPY_DST) }, [4]))],
  ['a copy to it', 'COPY_DST', 'RENDER_ATTACHMENT', (device, usage) => finished(device, (encoder) => encoder.copyTextureToTexture({ texture: texture(device, GPUTextureUsage.COPY_SRC) }, { texture: texture(device, usage) }, [4]))],
  ['an attachment', 'RENDER_ATTACHMENT', 'COPY_SRC', (device, usage) => finished(device, (encoder) => encoder.beginRenderPass({ colorAttachments: [{ view: texture(device, usage), loadOp: 'clear', storeOp: 'store' }] }).end())],
  ['a depth attachment', 'RENDER_ATTACHMENT', 'TEXTURE_BINDING', (device, usage) => finished(device, (encoder) => encoder.beginRenderPass({ colorAttachments: [], depthStencilAttachment: { view: texture(device, usage, 'depth24plus'), depthClearValue: 0, depthLoadOp: 'clear', depthStoreOp: 'store' } }).end())],
  ['a sampled binding', 'TEXTURE_BINDING', 'COPY_DST', (device, usage) => bind(device, { texture: {} }, texture(device, usage))],
  ['a sampled binding of depth', 'TEXTURE_BINDING', 'RENDER_ATTACHMENT', (device, usage) => bind(device, { texture: { sampleType: 'depth' } }, texture(device, usage, 'depth24plus').createView())],
  ['a storage binding', 'STORAGE_BINDING', 'TEXTURE_BINDING', (device, usage) => bind(device, { storageTexture: { format: 'rgba8unorm' } }, texture(device, usage).createView())],
];

function bind(device: GPUDevice, entry: Omit<GPUBindGroupLayoutEntry, 'binding' | 'visibility'>, resource: GPUBindingResource): void {
  const layout = device.createBindGroupLayout({ entries: [{ binding: 0, visibility: GPUShaderStage.COMPUTE, ...entry }] });
  device.createBindGroup({ layout, entries: [{ binding: 0, resource }] });
}

for (const [what, allowing, other, attempt] of textureUses) {
  api(`${what} needs ${allowing}, and ${other} is not enough`, async (device) => {
    equal(await errorOf(device, () => attempt(device, GPUTextureUsage[allowing] as number)), null);
    ok((await errorOf(device, () => attempt(device, GPUTextureUsage[other] as number))) !== null);
  });
}

api('a view may have less usage than its texture, not more', async (device) => {
  const { TEXTURE_BINDING, RENDER_ATTACHMENT, COPY_SRC } = GPUTextureUsage;
  const both = texture(device, TEXTURE_BINDING | RENDER_ATTACHMENT);
  equal(await errorOf(device, () => bind(device, { texture: {} }, both.createView({ usage: TEXTURE_BINDING }))), null);
  ok((await errorOf(device, () => bind(device, { texture: {} }, both.createView({ usage: RENDER_ATTACHMENT })))) !== null);
  ok((await errorOf(device, () => both.createView({ usage: TEXTURE_BINDING | COPY_SRC }))) !== null);
});

api('what a program reads of its objects is what it declared', async (device) => {
  const { VERTEX, MAP_READ } = GPUBufferUsage;
  const made = [buffer(device, VERTEX), device.createBuffer({ size: 4, usage: MAP_READ }), texture(device, GPUTextureUsage.TEXTURE_BINDING)];
  deepEqual(made.map((each) => each.usage), [VERTEX, MAP_READ, GPUTextureUsage.TEXTURE_BINDING]);
});

for (const [what, usage] of [['no usage', 0], ['an unknown usage', 1 << 20], ['both mappings', 3], ['a mapping with a usage that it excludes', 1 | 128]] as const) {
  api(`a buffer of ${what} is invalid`, async (device) => {
    let made: GPUBuffer | undefined;
    ok((await errorOf(device, () => { made = buffer(device, usage); })) !== null);
    equal(made?.usage, usage);
  });
}

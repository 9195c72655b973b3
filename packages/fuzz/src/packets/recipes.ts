import type { Overrides } from '../input/forge.ts';
import type { Stage } from './stage.ts';

/**
 * Some outcomes need more than a packet with plausible fields: something that came before, or fields that
 * fit together. A recipe sends what must come before and returns what the packet's fields must be.
 */
type Recipe = (stage: Stage) => Promise<Overrides>;

const MAP_READ = 1;
const RECORDED_COMMANDS_MAX = 48;
/** One command: popDebugGroup. */
const UNBALANCED: readonly number[] = [10 | (1 << 16)];
const [MAP_WRITE_COPY_SRC, MAP_READ_COPY_DST, COPY] = [0x6, 0x9, 0xc];

async function mappable(stage: Stage): Promise<Overrides> {
  const self = await stage.create('GPUBuffer', { usage: MAP_READ_COPY_DST, size: 64 });
  return { self, mode: MAP_READ, offset: 0, size: 64, length: stage.random.pick([0, 16, 64]) };
}

/** A buffer that is mapped from its beginning. */
async function mapped(stage: Stage): Promise<Overrides> {
  const buffer = await stage.create('GPUBuffer', { usage: MAP_WRITE_COPY_SRC, size: 64, mappedAtCreation: 1 });
  return { buffer, offset: stage.random.pick([0, 16]), length: stage.random.pick([0, 4, 48]), data: stage.random.pick([0, 4, 48]) };
}

/** A buffer that is not mapped, or that is said to be from its beginning and is far too large for it. */
async function unmappedBuffer(stage: Stage): Promise<number> {
  if (stage.random.oneIn(2)) return stage.obtain('unmapped buffer', 'GPUBuffer');
  return stage.create('GPUBuffer', { mappedAtCreation: 1, size: stage.random.pick([2 ** 28 + 4, 2 ** 40, 2 ** 53 - 4]) });
}

async function copyable(stage: Stage): Promise<Overrides> {
  const source = await stage.obtain('copy source', 'GPUBuffer', { usage: COPY, size: 64 });
  const destination = await stage.obtain('copy destination', 'GPUBuffer', { usage: COPY, size: 64 });
  return { source, destination, buffer: destination, sourceOffset: 0, destinationOffset: 16, offset: 0, size: 32 };
}

async function copyableTextures(stage: Stage): Promise<Overrides> {
  const texture = await stage.obtain('copied texture', 'GPUTexture');
  const other = await stage.obtain('other texture', 'GPUTexture');
  const buffer = await stage.obtain('texels', 'GPUBuffer', { usage: COPY, size: 1024 });
  return { texture, source: texture, destination: other, buffer, offset: 0 };
}

/** Handles of a few objects, whatever uses them. */
function someNamed({ model, random }: Stage): number[] {
  const named = [...model.objects.all()].filter((object) => !object.isPending);
  const first = random.below(named.length + 1);
  return named.slice(first, first + 1 + random.below(4)).map(({ handle }) => handle);
}

async function restrictedBuffers(stage: Stage): Promise<Overrides> {
  const buffer = await stage.obtain('restricted buffer', 'GPUBuffer', { usage: 0x80, size: 64 });
  return { buffer, source: buffer, destination: buffer, flags: 0 };
}

async function restrictedTextures(stage: Stage): Promise<Overrides> {
  const texture = await stage.obtain('restricted texture', 'GPUTexture', { usage: 0x4 });
  return { texture, source: texture, destination: texture, flags: 0 };
}

/** A pass, in every third case one whose buffer has been released. */
async function recordedPass(stage: Stage): Promise<Overrides> {
  const buffer = await stage.create('GPUBuffer');
  if (stage.isOver) return {};
  const { forge, random } = stage;
  const commands = [...forge.command('GPURenderCommandsMixin.setIndexBuffer', { buffer }), ...forge.pass(random.below(RECORDED_COMMANDS_MAX)), ...forge.command('GPURenderCommandsMixin.draw')];
  const pass = await stage.create('RecordedPass', { commands, flags: random.below(2) });
  if (random.oneIn(3) && !stage.isOver) await stage.send(forge.packet('Context.release', { handles: [buffer] }));
  return { pass };
}

const STATISTICS: Overrides = { escape: 1, version: 1, data: [] };
const LATENCY_CLASS: Overrides = { escape: 2, version: 1 };

/** For `accepted`. */
export const ACCEPTANCE: Readonly<Record<string, Recipe>> = {
  'GPUAdapter.requestDevice': async (stage) => ({ self: await stage.create('GPUAdapter'), '#requiredLimits': 0 }),
  'GPUDevice.popErrorScope': async (stage) => {
    const self = await stage.ensure('GPUDevice');
    await stage.send(stage.forge.packet('GPUDevice.pushErrorScope', { self }));
    return { self };
  },
  'GPUDevice.createBuffer': async () => ({ mappedAtCreation: 0 }),
  'GPUDevice.injectError': async (stage) => {
    const self = await stage.ensure('GPUDevice');
    await stage.send(stage.forge.packet('GPUDevice.pushErrorScope', { self, filter: 1 }));
    return { device: self, filter: 1 };
  },
  'GPUBuffer.mapAsync': mappable,
  'GPUBuffer.readMapped': mapped,
  'GPUBuffer.writeMapped': mapped,
  'GPUQueue.submit': async (stage) => ({ commandBuffers: stage.random.oneIn(2) ? [await stage.create('GPUCommandBuffer')] : [] }),
  'GPUQueue.writeBuffer': async (stage) => ({ ...(await copyable(stage)), data: 16, flags: 0 }),
  'GPUQueue.writeTexture': copyableTextures,
  'GPUQueue.copyExternalImageToTexture': async (stage) => ({ texture: await stage.obtain('image', 'GPUTexture', { format: 22 }) }),
  'Context.release': async (stage) => ({ handles: stage.random.oneIn(3) ? [await stage.create('GPUSampler')] : someNamed(stage) }),
  'Context.escape': async (stage) => (stage.random.oneIn(2) ? STATISTICS : { ...LATENCY_CLASS, data: [1 + stage.random.below(2)] }),
  // A scope takes the error.
  'Encoder.fail': async (stage) => {
    const self = await stage.ensure('GPUDevice');
    await stage.send(stage.forge.packet('GPUDevice.pushErrorScope', { self, filter: 1 }));
    return {};
  },
  'RecordedPass.define': async () => ({ '#colorFormats': 1, colorFormats: 1 }),
  'RecordedPass.replay': recordedPass,
  'Object.setLabel': async (stage) => ({ object: await stage.ensure('GPUSampler') }),
  'GPURenderBundleEncoder.finish': async () => ({ '#colorFormats': 1, colorFormats: 1 }),
  'GPUCommandEncoder.copyBufferToBuffer': copyable,
  'GPUCommandEncoder.clearBuffer': copyable,
  'GPUCommandEncoder.copyBufferToTexture': copyableTextures,
  'GPUCommandEncoder.copyTextureToBuffer': copyableTextures,
  'GPUCommandEncoder.copyTextureToTexture': copyableTextures,
};

/** For `application-error`, where no invalid object among the packet's would do. */
export const FAILURE: Readonly<Record<string, Recipe>> = {
  'GPUAdapter.requestDevice': async (stage) => {
    await stage.ensure('GPUDevice');
    const self = await stage.obtain('used adapter', 'GPUAdapter');
    if (!stage.isOver) await stage.send(stage.forge.packet('GPUAdapter.requestDevice', { self }));
    return { self };
  },
  'GPUDevice.createBuffer': async () => ({ usage: 0, mappedAtCreation: 0 }),
  'GPUDevice.createTexture': async () => ({ usage: 0 }),
  'GPUDevice.createSampler': async () => ({ maxAnisotropy: 0 }),
  'GPUDevice.createBindGroupLayout': async () => ({ '#entries': 2, binding: 0 }),
  'GPUDevice.createShaderModule': async () => ({ code: 'not wgsl' }),
  'GPUDevice.createQuerySet': async (stage) => ({ count: stage.random.pick([4097, 5000, 0xffffffff]) }),
  'GPUDevice.popErrorScope': async () => ({}),
  'GPUDevice.injectError': async () => ({ filter: 1 }),
  'GPUBuffer.mapAsync': async (stage) => ({ ...(await mappable(stage)), mode: stage.random.pick([0, 2, 3, 0xffffffff]) }),
  'GPUBuffer.readMapped': async (stage) => ({ buffer: await unmappedBuffer(stage), length: 4, offset: 0 }),
  'GPUTexture.createView': async (stage) => ({ self: await stage.obtain('restricted texture', 'GPUTexture', { usage: 0x4 }), usage: 0x1 }),
  'GPUComputePipeline.getBindGroupLayout': async (stage) => ({ self: await stage.ensure('GPUComputePipeline'), index: 99 }),
  'GPURenderPipeline.getBindGroupLayout': async (stage) => ({ self: await stage.ensure('GPURenderPipeline'), index: 99 }),
  // An error of the host's own, or one of the implementation's.
  'GPUCommandEncoder.finish': async (stage) => ({ commands: stage.random.oneIn(2) ? UNBALANCED : stage.forge.command('Encoder.fail') }),
  'GPURenderBundleEncoder.finish': async (stage) => ({ commands: stage.random.oneIn(2) ? UNBALANCED : stage.forge.command('Encoder.fail') }),
  'RecordedPass.replay': async (stage) => ({ pass: await stage.create('RecordedPass', { commands: UNBALANCED }) }),
  'GPUQueue.submit': async () => ({ commandBuffers: [0] }),
  'Context.escape': async (stage) => stage.random.pick([{ escape: 0 }, { escape: 99 }, { ...STATISTICS, version: 2 }, { ...LATENCY_CLASS, data: Array<number>(17).fill(1) }]),
  'GPUQueue.writeBuffer': restrictedBuffers,
  'GPUQueue.writeTexture': restrictedTextures,
  'GPUQueue.copyExternalImageToTexture': restrictedTextures,
  'GPUCommandEncoder.copyBufferToBuffer': restrictedBuffers,
  'GPUCommandEncoder.clearBuffer': restrictedBuffers,
  'GPUCommandEncoder.copyBufferToTexture': async (stage) => ({ ...(await restrictedTextures(stage)), buffer: await stage.ensure('GPUBuffer') }),
  'GPUCommandEncoder.copyTextureToBuffer': async (stage) => ({ ...(await restrictedTextures(stage)), buffer: await stage.ensure('GPUBuffer') }),
  'GPUCommandEncoder.copyTextureToTexture': restrictedTextures,
};

/** For faults that need more than a broken word: by the packet and the fault, or by the fault alone. */
export const FAULT: Readonly<Record<string, Recipe>> = {
  'hello-twice': async () => ({}),
  'feature-level': async (stage) => ({ featureLevel: stage.random.pick([0, 1, 23]) }),
  'protocol-version': async (stage) => ({ major: stage.random.pick([0, 2, 0xffffffff]) }),
  'write-alignment': async (stage) => ({ data: 1 + stage.random.below(3), inline: 1 }),
  'immediates-alignment': async (stage) => (stage.random.oneIn(2) ? { data: 3 } : { rangeOffset: 2 }),
  'reply-size': async () => ({ into: 0xffffffff, length: 4097, size: 8192 }),
  'mapped-range': async (stage) => ({ ...(await mapped(stage)), offset: stage.random.pick([60, 64, 4096, 2 ** 40]), size: 4, length: 48, data: 48, into: 0xffffffff, inline: 1 }),
  'error-scope-depth': async () => ({}),
  'Context.escape bad-enum': async (stage) => ({ ...LATENCY_CLASS, data: [stage.random.pick([0, 3, 0xffffffff])] }),
};

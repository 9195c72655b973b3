/**
 * `node tests/dist/soak/object-churn.js [COUNT]`: creates and drops COUNT objects of each kind (default a
 * million) and prints the proportional set size of the VF on the way: it must stay flat.
 */
import { createRequire } from 'node:module';
import { PROVIDER_PATH } from '@gpup/guest';
import { pssBytes, vfProcesses } from './vf-processes.ts';

export interface ChurnResult {
  readonly kind: string;
  readonly count: number;
  readonly seconds: number;
  /** MiB at a quarter, a half, three quarters and the end. */
  readonly pssMiB: readonly number[];
}

const BATCH = 1000;

const SHADER = '@group(0) @binding(0) var<storage, read_write> v: array<u32>; @compute @workgroup_size(1) fn main() { v[0] = 1u; }';

/** One creation a call; what it returns is dropped at once. Nothing is destroyed by hand. */
export function creators(device: GPUDevice): Record<string, () => unknown> {
  const buffer = device.createBuffer({ size: 256, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  const texture = device.createTexture({ size: [16, 16], format: 'rgba8unorm', usage: GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.RENDER_ATTACHMENT });
  const layout = device.createBindGroupLayout({ entries: [{ binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'storage' } }] });
  const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [layout] });
  const module = device.createShaderModule({ code: SHADER });
  const pipeline = device.createComputePipeline({ layout: pipelineLayout, compute: { module } });
  return {
    buffer: () => device.createBuffer({ size: 65536, usage: GPUBufferUsage.COPY_DST }),
    mappedBuffer: () => device.createBuffer({ size: 4096, usage: GPUBufferUsage.COPY_SRC, mappedAtCreation: true }).unmap(),
    texture: () => device.createTexture({ size: [64, 64], format: 'rgba8unorm', usage: GPUTextureUsage.TEXTURE_BINDING }),
    textureView: () => texture.createView(),
    sampler: () => device.createSampler({ magFilter: 'linear' }),
    bindGroupLayout: () => device.createBindGroupLayout({ entries: [{ binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: {} }] }),
    pipelineLayout: () => device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    bindGroup: () => device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer } }] }),
    shaderModule: () => device.createShaderModule({ code: SHADER }),
    computePipeline: () => device.createComputePipeline({ layout: pipelineLayout, compute: { module } }),
    pipelineBindGroupLayout: () => pipeline.getBindGroupLayout(0),
    querySet: () => device.createQuerySet({ type: 'occlusion', count: 8 }),
    commandBuffer: () => {
      const encoder = device.createCommandEncoder();
      encoder.clearBuffer(buffer);
      return encoder.finish();
    },
    submit: () => {
      const encoder = device.createCommandEncoder();
      encoder.clearBuffer(buffer);
      device.queue.submit([encoder.finish()]);
    },
    renderBundle: () => device.createRenderBundleEncoder({ colorFormats: ['rgba8unorm'] }).finish(),
    invalidBuffer: () => {
      device.pushErrorScope('validation');
      device.createBuffer({ size: 16, usage: 0 });
      return device.popErrorScope();
    },
  };
}

export async function churn(device: GPUDevice, options: { readonly kind: string; readonly create: () => unknown; readonly count: number; readonly vfPid: number }): Promise<ChurnResult> {
  const start = performance.now();
  const pssMiB: number[] = [];
  for (let done = 0; done < options.count; done += BATCH) {
    for (let i = 0; i < BATCH; i++) options.create();
    await device.queue.onSubmittedWorkDone();
    // Finalizers run in tasks of their own.
    await new Promise((resolve) => setImmediate(resolve));
    if (Math.floor(((done + BATCH) * 4) / options.count) > Math.floor((done * 4) / options.count)) {
      pssMiB.push(Math.round((pssBytes(options.vfPid) / 2 ** 20) * 10) / 10);
    }
  }
  return { kind: options.kind, count: options.count, seconds: (performance.now() - start) / 1000, pssMiB };
}

export async function openDevice(): Promise<{ readonly device: GPUDevice; readonly vfPid: number }> {
  const provider = createRequire(import.meta.url)(PROVIDER_PATH) as { create(flags: string[]): GPU; globals: object };
  Object.assign(globalThis, provider.globals);
  const adapter = await provider.create([]).requestAdapter();
  const device = (await adapter?.requestDevice()) as GPUDevice;
  device.onuncapturederror = ({ error }) => {
    throw new Error(error.message);
  };
  const [vfPid] = vfProcesses();
  if (vfPid === undefined) throw new Error('No VF process was found.');
  return { device, vfPid };
}

if (process.argv[1]?.endsWith('object-churn.js')) {
  const [countText = '1000000', only] = process.argv.slice(2);
  const count = Number(countText);
  if (!Number.isInteger(count) || count < BATCH) throw new Error(`The count (${countText}) is not a whole number from ${BATCH}.`);
  const { device, vfPid } = await openDevice();
  for (const [kind, create] of Object.entries(creators(device))) {
    if (only !== undefined && only !== kind) continue;
    console.log(JSON.stringify(await churn(device, { kind, create, count, vfPid })));
  }
  device.destroy();
}

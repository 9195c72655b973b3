/**
 * A guest that computes and renders, and prints what came of it: with the driver whose path is its argument, or
 * without one with the driver that a preload has installed.
 */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';

interface Provider {
  create(flags: readonly string[]): GPU;
}

export interface Results {
  readonly squares: readonly number[];
  /** Of the rendered picture: a hash, and how many of its texels the triangle covers. */
  readonly picture: string;
  readonly coveredCount: number;
  readonly errors: readonly string[];
}

const SIDE = 64;
/** The passes of a frame repeat: from the third on they may cross as a recorded pass. */
const FRAMES = 6;
/** Four kibibytes: more than travels inside of a packet. */
const COUNT = 1024;

const SQUARES = `
@group(0) @binding(0) var<storage, read_write> data: array<u32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { data[id.x] *= data[id.x]; }`;
const TRIANGLE = `
@group(0) @binding(0) var<uniform> color: vec4f;
@vertex fn vs(@location(0) position: vec2f) -> @builtin(position) vec4f { return vec4f(position, 0, 1); }
@fragment fn fs() -> @location(0) vec4f { return color; }`;
const [MAP_READ, COPY_SRC, COPY_DST, VERTEX, UNIFORM, STORAGE] = [1, 4, 8, 0x20, 0x40, 0x80] as const;
const [TEXTURE_COPY_SRC, RENDER_ATTACHMENT] = [1, 0x10] as const;

async function read(device: GPUDevice, buffer: GPUBuffer): Promise<Uint8Array> {
  const readBack = device.createBuffer({ size: buffer.size, usage: MAP_READ | COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, readBack, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await readBack.mapAsync(1);
  return new Uint8Array(readBack.getMappedRange()).slice();
}

async function squares(device: GPUDevice): Promise<readonly number[]> {
  const data = device.createBuffer({ label: 'squares', size: COUNT * 4, usage: STORAGE | COPY_SRC | COPY_DST });
  device.queue.writeBuffer(data, 0, Uint32Array.from({ length: COUNT }, (_, index) => index));
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module: device.createShaderModule({ code: SQUARES }) } });
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: data } }] });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(COUNT / 64);
  pass.end();
  device.queue.submit([encoder.finish()]);
  return [...new Uint32Array((await read(device, data)).buffer)];
}

function trianglePipeline(device: GPUDevice): GPURenderPipeline {
  const module = device.createShaderModule({ code: TRIANGLE });
  return device.createRenderPipeline({
    layout: 'auto',
    vertex: { module, buffers: [{ arrayStride: 8, attributes: [{ format: 'float32x2', offset: 0, shaderLocation: 0 }] }] },
    fragment: { module, targets: [{ format: 'rgba8unorm' }] },
  });
}

async function picture(device: GPUDevice): Promise<Uint8Array> {
  const pipeline = trianglePipeline(device);
  const uniform = device.createBuffer({ size: 16, usage: UNIFORM | COPY_DST });
  const vertices = device.createBuffer({ size: 24, usage: VERTEX | COPY_DST });
  device.queue.writeBuffer(vertices, 0, new Float32Array([-1, -1, 1, -1, -1, 1]));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: uniform } }] });
  const target = device.createTexture({ size: [SIDE, SIDE], format: 'rgba8unorm', usage: RENDER_ATTACHMENT | TEXTURE_COPY_SRC });
  for (let frame = 0; frame < FRAMES; frame++) {
    device.queue.writeBuffer(uniform, 0, new Float32Array([1, frame / 5, 0, 1]));
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginRenderPass({ colorAttachments: [{ view: target.createView(), loadOp: 'clear', storeOp: 'store', clearValue: [0, 0, 1, 1] }] });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.setVertexBuffer(0, vertices);
    for (let draw = 0; draw < 24; draw++) pass.draw(3);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  }
  const texels = device.createBuffer({ label: 'texels', size: SIDE * SIDE * 4, usage: COPY_SRC | COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyTextureToBuffer({ texture: target }, { buffer: texels, bytesPerRow: SIDE * 4 }, [SIDE, SIDE]);
  device.queue.submit([encoder.finish()]);
  return read(device, texels);
}

/** A scope takes one, nobody takes the other. */
async function errors(device: GPUDevice): Promise<readonly string[]> {
  const uncaptured = new Promise<string>((resolve) => {
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      resolve(event.error.constructor.name);
    });
  });
  device.pushErrorScope('validation');
  device.createBuffer({ size: 4, usage: 0 });
  const scoped = await device.popErrorScope();
  device.createBuffer({ size: 4, usage: 0 });
  await device.queue.onSubmittedWorkDone();
  return [scoped?.constructor.name ?? 'none', await uncaptured];
}

async function main(providerPath: string | undefined): Promise<Results> {
  const gpu = providerPath === undefined ? (globalThis as unknown as { navigator: { gpu: GPU } }).navigator.gpu : (createRequire(import.meta.url)(providerPath) as Provider).create([]);
  const device = await ((await gpu.requestAdapter()) as GPUAdapter).requestDevice();
  const texels = await picture(device);
  const results = {
    squares: await squares(device),
    picture: createHash('sha256').update(texels).digest('hex'),
    coveredCount: texels.filter((value, at) => at % 4 === 0 && value === 255).length,
    errors: await errors(device),
  };
  device.destroy();
  await device.lost;
  return results;
}

console.log(JSON.stringify(await main(process.argv[2])));

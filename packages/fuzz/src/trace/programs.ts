/// <reference types="@webgpu/types" />

import { VirtualCanvas, callEscape } from '@gpup/umd';

/**
 * Small programs as applications write them, each a session of a real guest driver. Together they call
 * every method that crosses the wire. A program that uses WebGPU wrongly does so on purpose.
 */
export type Program = (gpu: GPU) => Promise<void>;

const BUFFER = { MAP_READ: 1, MAP_WRITE: 2, COPY_SRC: 4, COPY_DST: 8, INDEX: 0x10, VERTEX: 0x20, UNIFORM: 0x40, STORAGE: 0x80, INDIRECT: 0x100, QUERY_RESOLVE: 0x200 };
const TEXTURE = { COPY_SRC: 1, COPY_DST: 2, TEXTURE_BINDING: 4, STORAGE_BINDING: 8, RENDER_ATTACHMENT: 0x10 };

const COMPUTE = `
@group(0) @binding(0) var<storage, read_write> data: array<u32>;
override factor: u32 = 2;
@compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id: vec3u) { data[id.x] *= factor; }`;

const RENDER = `
@group(0) @binding(0) var<uniform> color: vec4f;
@vertex fn vs(@location(0) position: vec2f) -> @builtin(position) vec4f { return vec4f(position, 0, 1); }
@fragment fn fs() -> @location(0) vec4f { return color; }`;

async function open(gpu: GPU, descriptor: GPUDeviceDescriptor = {}): Promise<GPUDevice> {
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error('The backend has no adapter.');
  const device = await adapter.requestDevice(descriptor);
  device.addEventListener('uncapturederror', (event) => event.preventDefault());
  return device;
}

async function compute(gpu: GPU): Promise<void> {
  const device = await open(gpu, { label: 'compute' });
  const module = device.createShaderModule({ code: COMPUTE });
  await module.getCompilationInfo();
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main', constants: { factor: 3 } } });
  const data = device.createBuffer({ label: 'data', size: 64, usage: BUFFER.STORAGE | BUFFER.COPY_SRC | BUFFER.COPY_DST, mappedAtCreation: true });
  new Uint32Array(data.getMappedRange()).fill(7);
  data.unmap();
  const back = device.createBuffer({ size: 64, usage: BUFFER.MAP_READ | BUFFER.COPY_DST });
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: data } }] });
  const encoder = device.createCommandEncoder({ label: 'encoder' });
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.pushDebugGroup('group');
  pass.dispatchWorkgroups(4, 1, 1);
  pass.insertDebugMarker('marker');
  pass.popDebugGroup();
  pass.end();
  encoder.copyBufferToBuffer(data, 0, back, 0, 64);
  device.queue.submit([encoder.finish({ label: 'commands' })]);
  await device.queue.onSubmittedWorkDone();
  await back.mapAsync(1);
  back.getMappedRange();
  back.unmap();
  data.destroy();
}

function renderPipeline(device: GPUDevice, layout: GPUPipelineLayout | 'auto'): GPURenderPipelineDescriptor {
  const module = device.createShaderModule({ label: 'render', code: RENDER });
  return {
    label: 'pipeline',
    layout,
    vertex: { module, entryPoint: 'vs', buffers: [{ arrayStride: 8, attributes: [{ format: 'float32x2', offset: 0, shaderLocation: 0 }] }] },
    fragment: {
      module,
      entryPoint: 'fs',
      targets: [{ format: 'rgba8unorm', blend: { color: { srcFactor: 'src-alpha', dstFactor: 'one-minus-src-alpha' }, alpha: {} } }],
    },
    depthStencil: { format: 'depth24plus', depthCompare: 'less', depthWriteEnabled: true },
    primitive: { topology: 'triangle-list', cullMode: 'back' },
    multisample: { count: 1 },
  };
}

async function render(gpu: GPU): Promise<void> {
  const device = await open(gpu);
  const bindGroupLayout = device.createBindGroupLayout({ entries: [{ binding: 0, visibility: 3, buffer: { type: 'uniform', minBindingSize: 16 } }] });
  const layout = device.createPipelineLayout({ bindGroupLayouts: [bindGroupLayout] });
  const pipeline = device.createRenderPipeline(renderPipeline(device, layout));
  const uniforms = device.createBuffer({ size: 256, usage: BUFFER.UNIFORM | BUFFER.COPY_DST });
  const vertices = device.createBuffer({ size: 64, usage: BUFFER.VERTEX | BUFFER.INDEX | BUFFER.INDIRECT | BUFFER.COPY_DST });
  device.queue.writeBuffer(uniforms, 0, new Float32Array([1, 0.5, 0.25, 1]));
  device.queue.writeBuffer(vertices, 0, new Float32Array([0, 0, 1, 0, 0, 1]));
  const group = device.createBindGroup({ layout: bindGroupLayout, entries: [{ binding: 0, resource: { buffer: uniforms, size: 16 } }] });
  const color = device.createTexture({ size: [16, 16], format: 'rgba8unorm', usage: TEXTURE.RENDER_ATTACHMENT | TEXTURE.COPY_SRC });
  const depth = device.createTexture({ size: [16, 16], format: 'depth24plus', usage: TEXTURE.RENDER_ATTACHMENT });
  const occlusion = device.createQuerySet({ type: 'occlusion', count: 2 });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginRenderPass({
    colorAttachments: [{ view: color.createView(), loadOp: 'clear', storeOp: 'store', clearValue: [0, 0, 0, 1] }],
    depthStencilAttachment: { view: depth.createView({ label: 'depth' }), depthClearValue: 1, depthLoadOp: 'clear', depthStoreOp: 'discard' },
    occlusionQuerySet: occlusion,
  });
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.setVertexBuffer(0, vertices);
  pass.setIndexBuffer(vertices, 'uint16', 0, 16);
  pass.setViewport(0, 0, 16, 16, 0, 1);
  pass.setScissorRect(0, 0, 8, 8);
  pass.setBlendConstant([0, 0, 0, 1]);
  pass.setStencilReference(3);
  pass.beginOcclusionQuery(0);
  pass.draw(3);
  pass.drawIndexed(3);
  pass.endOcclusionQuery();
  pass.drawIndirect(vertices, 0);
  pass.drawIndexedIndirect(vertices, 0);
  pass.end();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
  color.destroy();
  occlusion.destroy();
}

async function bundles(gpu: GPU): Promise<void> {
  const device = await open(gpu);
  const pipeline = await device.createRenderPipelineAsync({ ...renderPipeline(device, 'auto') });
  const vertices = device.createBuffer({ size: 64, usage: BUFFER.VERTEX });
  const recorder = device.createRenderBundleEncoder({ colorFormats: ['rgba8unorm', null], depthStencilFormat: 'depth24plus', sampleCount: 1 });
  recorder.setPipeline(pipeline);
  recorder.setBindGroup(0, null);
  recorder.setVertexBuffer(0, vertices, 8, 24);
  recorder.draw(3, 2, 1, 0);
  recorder.insertDebugMarker('in a bundle');
  const bundle = recorder.finish({ label: 'bundle' });
  const target = device.createTexture({ size: [4, 4], format: 'rgba8unorm', usage: TEXTURE.RENDER_ATTACHMENT });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginRenderPass({ colorAttachments: [{ view: target, loadOp: 'load', storeOp: 'store' }, null] });
  pass.executeBundles([bundle, bundle]);
  pass.end();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
}

async function textures(gpu: GPU): Promise<void> {
  const device = await open(gpu);
  const usage = TEXTURE.COPY_SRC | TEXTURE.COPY_DST | TEXTURE.TEXTURE_BINDING | TEXTURE.RENDER_ATTACHMENT;
  const texture = device.createTexture({ label: 'mips', size: [8, 8, 2], mipLevelCount: 3, format: 'rgba8unorm', usage, viewFormats: ['rgba8unorm-srgb'] });
  const other = device.createTexture({ size: [8, 8, 2], format: 'rgba8unorm', usage });
  const buffer = device.createBuffer({ size: 4096, usage: BUFFER.COPY_SRC | BUFFER.COPY_DST });
  device.queue.writeTexture({ texture }, new Uint8Array(256), { bytesPerRow: 32 }, [8, 8]);
  device.queue.writeTexture({ texture, mipLevel: 1, origin: [1, 1, 1] }, new Uint8Array(64), { bytesPerRow: 16, rowsPerImage: 2 }, { width: 2, height: 2 });
  const pixels = { width: 2, height: 2, data: new Uint8ClampedArray(16), colorSpace: 'srgb' };
  device.queue.copyExternalImageToTexture({ source: pixels as never, flipY: true }, { texture: other }, [2, 2]);
  const sampler = device.createSampler({ addressModeU: 'repeat', magFilter: 'linear', lodMaxClamp: 4, compare: 'less' });
  const layout = device.createBindGroupLayout({
    entries: [
      { binding: 0, visibility: 2, sampler: { type: 'comparison' } },
      { binding: 1, visibility: 2, texture: { viewDimension: '2d-array' } },
      { binding: 2, visibility: 4, storageTexture: { format: 'rgba8unorm' } },
    ],
  });
  device.createBindGroup({ layout, entries: [{ binding: 0, resource: sampler }, { binding: 1, resource: texture.createView({ dimension: '2d-array', baseMipLevel: 1, mipLevelCount: 1 }) }, { binding: 2, resource: other.createView() }] });
  const encoder = device.createCommandEncoder();
  encoder.copyTextureToTexture({ texture }, { texture: other, origin: [0, 0, 1] }, [4, 4]);
  encoder.copyTextureToBuffer({ texture, aspect: 'all' }, { buffer, bytesPerRow: 256 }, [8, 8]);
  encoder.copyBufferToTexture({ buffer, offset: 256, bytesPerRow: 256, rowsPerImage: 8 }, { texture: other }, [8, 8, 1]);
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
  texture.destroy();
}

async function mapping(gpu: GPU): Promise<void> {
  const device = await open(gpu);
  const upload = device.createBuffer({ size: 8192, usage: BUFFER.MAP_WRITE | BUFFER.COPY_SRC });
  await upload.mapAsync(2, 8, 4096);
  new Uint8Array(upload.getMappedRange(8, 16)).fill(1);
  new Uint8Array(upload.getMappedRange(2048, 2048)).fill(2);
  upload.unmap();
  await upload.mapAsync(1).catch(() => {});
  const pending = upload.mapAsync(2);
  upload.unmap();
  await pending.catch(() => {});
  const large = device.createBuffer({ size: 2048, usage: BUFFER.COPY_DST, mappedAtCreation: true });
  new Uint32Array(large.getMappedRange()).fill(3);
  large.unmap();
  device.queue.writeBuffer(large, 16, new Uint8Array(2000), 4, 1500);
  large.destroy();
}

async function errors(gpu: GPU): Promise<void> {
  const device = await open(gpu);
  device.pushErrorScope('validation');
  device.pushErrorScope('out-of-memory');
  device.pushErrorScope('internal');
  const buffer = device.createBuffer({ size: 16, usage: 0 });
  device.createShaderModule({ code: 'not wgsl' });
  device.createSampler({ maxAnisotropy: 4 }).label = 'renamed';
  await device.popErrorScope();
  await device.popErrorScope();
  await device.popErrorScope();
  await device.popErrorScope().catch(() => {});
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, buffer, 8, 4);
  const commands = encoder.finish();
  encoder.finish();
  device.queue.submit([commands]);
  device.queue.submit([commands]);
  encoder.pushDebugGroup('after the end');
  const module = device.createShaderModule({ code: COMPUTE });
  await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'none' } }).catch(() => {});
  const open_ = device.createCommandEncoder();
  open_.beginComputePass();
  open_.finish();
}

async function queries(gpu: GPU): Promise<void> {
  const device = await open(gpu, { requiredFeatures: ['timestamp-query'], requiredLimits: { maxBindGroups: 4 } });
  const times = device.createQuerySet({ label: 'times', type: 'timestamp', count: 4 });
  const results = device.createBuffer({ size: 32, usage: BUFFER.QUERY_RESOLVE | BUFFER.COPY_SRC | BUFFER.COPY_DST });
  const arguments_ = device.createBuffer({ size: 16, usage: BUFFER.INDIRECT });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass({ timestampWrites: { querySet: times, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } });
  pass.dispatchWorkgroupsIndirect(arguments_, 0);
  pass.end();
  encoder.clearBuffer(results, 0, 16);
  encoder.resolveQuerySet(times, 0, 2, results, 0);
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
  times.destroy();
}

async function canvas(gpu: GPU): Promise<void> {
  const device = await open(gpu);
  const surface = new VirtualCanvas(8, 8);
  const context = surface.getContext('webgpu') as GPUCanvasContext;
  context.configure({ device, format: 'bgra8unorm' });
  const encoder = device.createCommandEncoder();
  encoder.beginRenderPass({ colorAttachments: [{ view: context.getCurrentTexture().createView(), loadOp: 'clear', storeOp: 'store' }] }).end();
  device.queue.submit([encoder.finish()]);
  await surface.readPixels();
  context.unconfigure();
}

async function immediates(gpu: GPU): Promise<void> {
  const device = await open(gpu);
  const group = device.createBindGroup({ layout: device.createBindGroupLayout({ entries: [] }), entries: [] });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass({ label: 'pass' }) as GPUComputePassEncoder & { setImmediates?(offset: number, data: Uint8Array): void };
  pass.setImmediates?.(4, new Uint8Array(8));
  pass.setBindGroup(1, group, new Uint32Array([0, 256]), 0, 2);
  pass.end();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
}

async function twoDevices(gpu: GPU): Promise<void> {
  const [one, other] = [await open(gpu), await open(gpu)];
  const buffer = one.createBuffer({ size: 16, usage: BUFFER.COPY_DST });
  other.queue.writeBuffer(buffer, 0, new Uint32Array(4));
  one.destroy();
  await one.lost;
  one.createBuffer({ size: 16, usage: BUFFER.COPY_DST });
}

async function escapes(gpu: GPU): Promise<void> {
  await open(gpu);
  await callEscape(gpu, 'latency-class', { latencyClass: 'interactive' });
  await callEscape(gpu, 'statistics');
}

export const PROGRAMS: Readonly<Record<string, Program>> = { compute, render, bundles, textures, mapping, errors, queries, canvas, immediates, twoDevices, escapes };

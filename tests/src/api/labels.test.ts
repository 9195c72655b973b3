/** https://gpuweb.github.io/gpuweb/#gpuobjectbase */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { api, errorOf } from './testing/api.ts';

const LABEL = 'a läbel 🦀';

/** One object of every kind that a device makes, each with its label. */
function objects(device: GPUDevice, label: string): Record<string, GPUObjectBase> {
  const module = device.createShaderModule({ label, code: '@vertex fn v() -> @builtin(position) vec4f { return vec4f(); } @fragment fn f() -> @location(0) vec4f { return vec4f(); } @compute @workgroup_size(1) fn c() {}' });
  const bindGroupLayout = device.createBindGroupLayout({ label, entries: [] });
  const layout = device.createPipelineLayout({ label, bindGroupLayouts: [] });
  const texture = device.createTexture({ label, size: [4, 4], format: 'rgba8unorm', usage: GPUTextureUsage.RENDER_ATTACHMENT });
  const encoder = device.createCommandEncoder({ label });
  const computePass = encoder.beginComputePass({ label });
  computePass.end();
  const renderPass = encoder.beginRenderPass({ label, colorAttachments: [{ view: texture.createView(), loadOp: 'clear', storeOp: 'store' }] });
  renderPass.end();
  const bundleEncoder = device.createRenderBundleEncoder({ label, colorFormats: ['rgba8unorm'] });
  return {
    buffer: device.createBuffer({ label, size: 4, usage: GPUBufferUsage.COPY_DST }),
    texture,
    view: texture.createView({ label }),
    sampler: device.createSampler({ label }),
    bindGroupLayout,
    layout,
    bindGroup: device.createBindGroup({ label, layout: bindGroupLayout, entries: [] }),
    module,
    computePipeline: device.createComputePipeline({ label, layout, compute: { module } }),
    renderPipeline: device.createRenderPipeline({ label, layout, vertex: { module }, fragment: { module, targets: [{ format: 'rgba8unorm' }] } }),
    querySet: device.createQuerySet({ label, type: 'occlusion', count: 1 }),
    encoder,
    computePass,
    renderPass,
    commandBuffer: encoder.finish({ label }),
    bundleEncoder,
    bundle: bundleEncoder.finish({ label }),
  };
}

api('every object has the label of its descriptor, and another when it is given one', async (device) => {
  for (const [kind, object] of Object.entries(objects(device, LABEL))) {
    equal(object.label, LABEL, kind);
    object.label = 'another';
    equal(object.label, 'another', kind);
    object.label = '\ud800';
    equal(object.label, '\ufffd', kind);
    object.label = 5 as unknown as string;
    equal(object.label, '5', kind);
  }
});

api('an object without a label has an empty one', async (device) => {
  equal(device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_DST }).label, '');
  equal(device.createSampler().label, '');
  equal(device.createSampler({ label: undefined as unknown as string }).label, '');
});

api('the device and its queue have the labels of the descriptor', async (_device, { openDevice }) => {
  const device = await openDevice({ label: 'my device', defaultQueue: { label: 'my queue' } });
  deepEqual([device.label, device.queue.label], ['my device', 'my queue']);
  device.label = 'renamed';
  device.queue.label = 'renamed queue';
  deepEqual([device.label, device.queue.label], ['renamed', 'renamed queue']);
});

api('error messages name objects by the labels that they have at the time', async (device) => {
  const buffer = device.createBuffer({ label: 'first name', size: 4, usage: GPUBufferUsage.COPY_DST });
  const complaint = (): Promise<string | null> => errorOf(device, () => device.queue.writeBuffer(buffer, 4, new Uint8Array(4)));
  ok((await complaint())?.includes('first name'));
  buffer.label = 'second name';
  ok((await complaint())?.includes('second name'));
});

api('a command buffer that was submitted may still be named', async (device) => {
  const commands = device.createCommandEncoder().finish();
  device.queue.submit([commands]);
  commands.label = 'late';
  equal(commands.label, 'late');
  await device.queue.onSubmittedWorkDone();
});

// The host takes labels of 64 KiB. What is longer is its own program's alone, and harms nobody.
for (const [what, label] of [
  ['64 KiB long', 'x'.repeat(64 << 10)],
  ['one character longer', 'x'.repeat((64 << 10) + 1)],
  ['a mebibyte long', 'y'.repeat(1 << 20)],
  ['longer, and cut within a character', `x${'é'.repeat(64 << 10)}`],
] as const) {
  api(`a label that is ${what} is kept`, async (device) => {
    for (const [kind, object] of Object.entries(objects(device, label))) equal(object.label === label, true, kind);
    const buffer = device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_DST });
    buffer.label = label;
    equal(buffer.label === label, true);
    const encoder = device.createCommandEncoder();
    encoder.pushDebugGroup(label);
    encoder.insertDebugMarker(label);
    encoder.popDebugGroup();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  });
}

api('names that are longer than any name are just not found', async (device) => {
  const name = 'n'.repeat(100_000);
  const module = device.createShaderModule({ code: '@compute @workgroup_size(1) fn main() {}' });
  ok((await errorOf(device, () => device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: name } }))) !== null);
  ok((await errorOf(device, () => device.createComputePipeline({ layout: 'auto', compute: { module, constants: { [name]: 1 } } }))) !== null);
});

api('a shader that is longer than any shader is invalid, and says why', async (device) => {
  const code = `@compute @workgroup_size(1) fn main() {}\n${'// a comment\n'.repeat(1_500_000)}`;
  ok(code.length > 16 << 20);
  let module: GPUShaderModule | undefined;
  ok((await errorOf(device, () => { module = device.createShaderModule({ code, label: 'long' }); })) !== null);
  ok((await errorOf(device, () => device.createComputePipeline({ layout: 'auto', compute: { module: module as GPUShaderModule } }))) !== null);
  const { messages } = await (module as GPUShaderModule).getCompilationInfo();
  equal(messages[0]?.type, 'error');
  equal(device.createShaderModule({ code: '@compute @workgroup_size(1) fn main() {}' }).label, '');
});

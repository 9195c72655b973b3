/** https://gpuweb.github.io/gpuweb/#bundles */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { api, errorOf, submit, texelsOf } from './testing/api.ts';

/** Fills the target with the color in a uniform buffer, or a quarter of it per instance. */
const SHADER = `
  @group(0) @binding(0) var<uniform> color: vec4f;
  @vertex fn fill(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
    return vec4f(select(-1.0, 3.0, i == 1u), select(-1.0, 3.0, i == 2u), 0.5, 1.0);
  }
  @fragment fn shade() -> @location(0) vec4f { return color; }`;

interface Scene {
  readonly texture: GPUTexture;
  readonly pipeline: GPURenderPipeline;
  readonly group: GPUBindGroup;
  readonly color: GPUBuffer;
}

function sceneOf(device: GPUDevice): Scene {
  const module = device.createShaderModule({ code: SHADER });
  const pipeline = device.createRenderPipeline({ layout: 'auto', vertex: { module }, fragment: { module, targets: [{ format: 'rgba8unorm' }] } });
  const color = device.createBuffer({ size: 16, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(color, 0, Float32Array.of(0, 1, 0, 1));
  return {
    texture: device.createTexture({ size: [4, 4], format: 'rgba8unorm', usage: GPUTextureUsage.RENDER_ATTACHMENT | GPUTextureUsage.COPY_SRC }),
    pipeline,
    group: device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: color } }] }),
    color,
  };
}

function record(device: GPUDevice, { pipeline, group }: Scene, format: GPUTextureFormat = 'rgba8unorm'): GPURenderBundle {
  const encoder = device.createRenderBundleEncoder({ colorFormats: [format], label: 'a bundle' });
  encoder.setPipeline(pipeline);
  encoder.setBindGroup(0, group);
  encoder.draw(3);
  return encoder.finish();
}

function execute(device: GPUDevice, { texture }: Scene, bundles: Iterable<GPURenderBundle>): void {
  submit(device, (encoder) => {
    const pass = encoder.beginRenderPass({ colorAttachments: [{ view: texture, loadOp: 'clear', storeOp: 'store' }] });
    pass.executeBundles(bundles);
    pass.end();
  });
}

api('a bundle draws what it recorded, as often as it is executed', async (device) => {
  const scene = sceneOf(device);
  const bundle = record(device, scene);
  execute(device, scene, [bundle]);
  deepEqual([...(await texelsOf(device, scene.texture)).subarray(0, 4)], [0, 255, 0, 255]);
  // What it reads is read when it is executed.
  device.queue.writeBuffer(scene.color, 0, Float32Array.of(0, 0, 1, 1));
  execute(device, scene, new Set([bundle]));
  deepEqual([...(await texelsOf(device, scene.texture)).subarray(60)], [0, 0, 255, 255]);
  execute(device, scene, []);
  deepEqual([...(await texelsOf(device, scene.texture)).subarray(0, 4)], [0, 0, 0, 0]);
});

api('a bundle keeps alive what it draws with', async (device) => {
  const scene = sceneOf(device);
  const bundle = ((): GPURenderBundle => record(device, sceneOf(device)))();
  for (let i = 0; i < 10; i++) device.createBuffer({ size: 16 << 20, usage: GPUBufferUsage.COPY_DST });
  await device.queue.onSubmittedWorkDone();
  await new Promise((resolve) => setImmediate(resolve));
  execute(device, scene, [bundle]);
  deepEqual([...(await texelsOf(device, scene.texture)).subarray(0, 4)], [0, 255, 0, 255]);
});

api('indexed, indirect and vertex-buffer draws in a bundle', async (device) => {
  const scene = sceneOf(device);
  const module = device.createShaderModule({
    code: `@vertex fn v(@location(0) position: vec2f) -> @builtin(position) vec4f { return vec4f(position, 0, 1); }
      @fragment fn f() -> @location(0) vec4f { return vec4f(1, 0, 1, 1); }`,
  });
  const pipeline = device.createRenderPipeline({
    layout: 'auto',
    vertex: { module, buffers: [{ arrayStride: 8, attributes: [{ format: 'float32x2', offset: 0, shaderLocation: 0 }] }] },
    fragment: { module, targets: [{ format: 'rgba8unorm' }] },
  });
  const bufferWith = (usage: number, data: Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): GPUBuffer => {
    const buffer = device.createBuffer({ size: data.byteLength, usage: usage | GPUBufferUsage.COPY_DST });
    device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  };
  const vertices = bufferWith(GPUBufferUsage.VERTEX, Float32Array.of(9, 9, -1, -1, 3, -1, -1, 3));
  const indices = bufferWith(GPUBufferUsage.INDEX, Uint16Array.of(0, 1, 2, 3));
  const drawIndirect = bufferWith(GPUBufferUsage.INDIRECT, Uint32Array.of(99, 3, 1, 1, 0));
  const drawIndexedIndirect = bufferWith(GPUBufferUsage.INDIRECT, Uint32Array.of(3, 1, 1, 0, 0));
  for (const draw of [
    (encoder: GPURenderBundleEncoder) => encoder.drawIndexed(3, 1, 1),
    (encoder: GPURenderBundleEncoder) => encoder.drawIndexed(3, 1, 0, 1),
    (encoder: GPURenderBundleEncoder) => encoder.drawIndirect(drawIndirect, 4),
    (encoder: GPURenderBundleEncoder) => encoder.drawIndexedIndirect(drawIndexedIndirect, 0),
  ]) {
    const encoder = device.createRenderBundleEncoder({ colorFormats: ['rgba8unorm'] });
    encoder.setPipeline(pipeline);
    encoder.setVertexBuffer(0, vertices);
    encoder.setVertexBuffer(1, null);
    encoder.setIndexBuffer(indices, 'uint16');
    draw(encoder);
    execute(device, scene, [encoder.finish()]);
    deepEqual([...(await texelsOf(device, scene.texture)).subarray(0, 4)], [255, 0, 255, 255], String(draw));
  }
});

// What goes wrong is reported by finish(), and the bundle is invalid.
for (const [what, wrong] of [
  ['a draw without a pipeline', (encoder) => encoder.draw(3)],
  ['an open debug group', (encoder) => encoder.pushDebugGroup('open')],
  ['a debug group that was never opened', (encoder) => encoder.popDebugGroup()],
  ['a bind group that is missing', (encoder, { pipeline }) => { encoder.setPipeline(pipeline); encoder.draw(3); }],
] as readonly (readonly [string, (encoder: GPURenderBundleEncoder, scene: Scene) => void])[]) {
  api(`a bundle with ${what} is an error of finish(), and cannot be executed`, async (device) => {
    const scene = sceneOf(device);
    const encoder = device.createRenderBundleEncoder({ colorFormats: ['rgba8unorm'] });
    equal(await errorOf(device, () => wrong(encoder, scene)), null);
    let bundle: GPURenderBundle | undefined;
    ok((await errorOf(device, () => { bundle = encoder.finish(); })) !== null);
    ok((await errorOf(device, () => execute(device, scene, [bundle as GPURenderBundle]))) !== null);
  });
}

api('an encoder that is finished records nothing more, and is finished once', async (device) => {
  const scene = sceneOf(device);
  const encoder = device.createRenderBundleEncoder({ colorFormats: ['rgba8unorm'] });
  const bundle = encoder.finish();
  for (const command of [() => encoder.draw(3), () => encoder.setPipeline(scene.pipeline), () => encoder.insertDebugMarker('x'), () => encoder.setBindGroup(0, scene.group)]) {
    ok((await errorOf(device, command)) !== null, String(command));
  }
  let second: GPURenderBundle | undefined;
  ok((await errorOf(device, () => { second = encoder.finish(); })) !== null);
  ok((await errorOf(device, () => execute(device, scene, [second as GPURenderBundle]))) !== null);
  equal(await errorOf(device, () => execute(device, scene, [bundle])), null);
});

api('a bundle for another format is refused where it is executed', async (device) => {
  const scene = sceneOf(device);
  const bundle = device.createRenderBundleEncoder({ colorFormats: ['bgra8unorm'] }).finish();
  ok((await errorOf(device, () => execute(device, scene, [bundle]))) !== null);
});

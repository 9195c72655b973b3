/** Shader modules and pipelines: https://gpuweb.github.io/gpuweb/#shader-modules */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { api, contentsOf, errorOf, submit } from './testing/api.ts';

const GOOD = '@group(0) @binding(0) var<storage, read_write> v: array<u32>; override n: u32 = 1; @compute @workgroup_size(1) fn main() { v[0] = n; }';
const TRIANGLE = '@vertex fn v() -> @builtin(position) vec4f { return vec4f(); } @fragment fn f() -> @location(0) vec4f { return vec4f(); }';

api('a good shader has no errors to tell', async (device) => {
  const info = await device.createShaderModule({ code: GOOD }).getCompilationInfo();
  ok(info instanceof GPUCompilationInfo);
  deepEqual([...info.messages].filter((message) => message.type === 'error'), []);
  ok(Object.isFrozen(info.messages));
  equal(info.messages, info.messages);
});

api('a bad shader says what is wrong, and where', async (device) => {
  let module: GPUShaderModule | undefined;
  ok((await errorOf(device, () => { module = device.createShaderModule({ code: '// é\n\nfn f() { let x: u32 = 1.5; }\n' }); })) !== null);
  const { messages } = await (module as GPUShaderModule).getCompilationInfo();
  const [message] = messages;
  ok(message instanceof GPUCompilationMessage);
  deepEqual([message.type, message.lineNum], ['error', 3]);
  ok(message.linePos > 1 && message.message.length > 0);
  // Counted in UTF-16 code units, not in bytes: the text at that place is on line 3.
  ok(message.offset >= 6 && message.offset < 36, String(message.offset));
  deepEqual(Object.keys(GPUCompilationMessage.prototype).sort(), ['length', 'linePos', 'lineNum', 'message', 'offset', 'type'].sort());
});

api('a warning is told, and is no error', async (device) => {
  let module: GPUShaderModule | undefined;
  equal(await errorOf(device, () => { module = device.createShaderModule({ code: `${GOOD}\nfn g() -> u32 { return 1u; return 2u; }` }); }), null);
  const { messages } = await (module as GPUShaderModule).getCompilationInfo();
  deepEqual(messages.map(({ type, lineNum }) => [type, lineNum]), [['warning', 2]]);
});

api('compilation info can be asked for many times, and by many at once', async (device) => {
  const module = device.createShaderModule({ code: GOOD });
  const infos = await Promise.all(Array.from({ length: 20 }, () => module.getCompilationInfo()));
  equal(new Set(infos).size, 20);
});

async function ran(device: GPUDevice, pipeline: GPUComputePipeline): Promise<number> {
  const buffer = device.createBuffer({ size: 4, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] });
  submit(device, (encoder) => {
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(1);
    pass.end();
  });
  return new Uint32Array((await contentsOf(device, buffer)).buffer)[0] as number;
}

api('constants are what a pipeline makes of them', async (device) => {
  const module = device.createShaderModule({ code: GOOD });
  equal(await ran(device, device.createComputePipeline({ layout: 'auto', compute: { module } })), 1);
  equal(await ran(device, device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main', constants: { n: 7 } } })), 7);
  ok((await errorOf(device, () => device.createComputePipeline({ layout: 'auto', compute: { module, constants: { other: 7 } } }))) !== null);
});

api('a pipeline that is made in its own time works like any other', async (device) => {
  const module = device.createShaderModule({ code: GOOD });
  const pipelines = await Promise.all([1, 2, 3].map((n) => device.createComputePipelineAsync({ label: `pipeline ${n}`, layout: 'auto', compute: { module, constants: { n } } })));
  deepEqual(pipelines.map((pipeline) => pipeline.label), ['pipeline 1', 'pipeline 2', 'pipeline 3']);
  deepEqual(await Promise.all(pipelines.map((pipeline) => ran(device, pipeline))), [1, 2, 3]);
  const triangle = device.createShaderModule({ code: TRIANGLE });
  const render = await device.createRenderPipelineAsync({ layout: 'auto', vertex: { module: triangle }, fragment: { module: triangle, targets: [{ format: 'rgba8unorm' }] } });
  ok(render instanceof GPURenderPipeline);
});

api('a pipeline that cannot be made in its own time is rejected, and no error is raised', async (device) => {
  const bad = device.createShaderModule({ code: GOOD });
  const triangle = device.createShaderModule({ code: TRIANGLE });
  for (const create of [
    () => device.createComputePipelineAsync({ layout: 'auto', compute: { module: bad, entryPoint: 'other' } }),
    () => device.createComputePipelineAsync({ layout: 'auto', compute: { module: triangle } }),
    () => device.createRenderPipelineAsync({ layout: 'auto', vertex: { module: bad } }),
    () => device.createRenderPipelineAsync({ layout: 'auto', vertex: { module: triangle }, fragment: { module: triangle, targets: [{ format: 'rgba8uint' }] } }),
  ]) {
    await rejects(create(), (error: unknown) => {
      ok(error instanceof GPUPipelineError);
      ok(error instanceof DOMException);
      deepEqual([error.name, error.reason, error.message.length > 0], ['GPUPipelineError', 'validation', true]);
      return true;
    });
  }
  // The handles of what was not made are used again.
  equal(await ran(device, await device.createComputePipelineAsync({ layout: 'auto', compute: { module: bad } })), 1);
});

api('what is no descriptor is rejected, never thrown', async (device) => {
  for (const descriptor of [undefined, {}, { layout: 'other', compute: {} }, { layout: 'auto' }, 5]) {
    await rejects(device.createComputePipelineAsync(descriptor as unknown as GPUComputePipelineDescriptor), TypeError);
    await rejects(device.createRenderPipelineAsync(descriptor as unknown as GPURenderPipelineDescriptor), TypeError);
  }
});

api('layouts that a pipeline was not given are made from its shader, a new object each time', async (device) => {
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code: GOOD }) } });
  const [first, second] = [pipeline.getBindGroupLayout(0), pipeline.getBindGroupLayout(0)];
  ok(first instanceof GPUBindGroupLayout);
  equal(first === second, false);
  ok((await errorOf(device, () => pipeline.getBindGroupLayout(9))) !== null);
});

api('a shader that begins with a byte order mark is the shader that was given', async (device) => {
  // No white space of WGSL: a driver that drops it would accept the shader.
  ok((await errorOf(device, () => device.createShaderModule({ code: `\ufeff${GOOD}` }))) !== null);
});

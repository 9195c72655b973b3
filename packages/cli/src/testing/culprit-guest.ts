/**
 * A guest that misbehaves as it is told, as the text of a module. It reads commands, one a line, and answers each with
 * one line of JSON. Its first two devices are `guilty`, which does it, and `innocent`.
 *   open            both devices, of a fresh adapter; { code, message } where the host refuses
 *   check           whether a computation on each of them is right
 *   hang KIND       { guilty, innocent }: what each device is lost with; { refused } where there is no memory to hang with
 *   await           the same, for what others do to it
 *   begin KIND      hangs, and answers at once
 *   fill            takes all memory that its partition has
 *   busy MS         so long many short submits, and whether what they have computed is right
 *   long MS         one submit that takes about so long by itself: how long it took
 *   burst COUNT MS  so many of them at once, after some short ones
 */
export const CULPRIT_GUEST = `
import { createInterface } from 'node:readline';

/** Each function calls the one before it twice, and compilers for GPUs put every call in place. */
const CALL_DEPTH = 13;
function bomb() {
  let code = 'fn f0(x: u32) -> u32 { return x * 3u + v[x & 3u]; }';
  for (let depth = 1; depth <= CALL_DEPTH; depth++) code += 'fn f' + depth + '(x: u32) -> u32 { return f' + (depth - 1) + '(x + 1u) ^ f' + (depth - 1) + '(x * 2u); }';
  return '@group(0) @binding(0) var<storage, read_write> v: array<u32>;' + code + '@compute @workgroup_size(1) fn main() { v[0] = f' + CALL_DEPTH + '(v[1]); }';
}
const WORD = '@group(0) @binding(0) var<storage, read_write> v: array<atomic<u32>>;';
const FOREVER = 'loop { if (atomicLoad(&v[0]) == 77u) { break; } atomicAdd(&v[1], 1u); }';
const COUNT = WORD + '@compute @workgroup_size(1) fn main() { for (var i = 0u; i < atomicLoad(&v[2]); i++) { atomicAdd(&v[1], 1u); } }';

let devices = [], lost = Promise.resolve([]), refused = new Promise(() => {});
async function open() {
  const [guilty, innocent] = devices = [await deviceOf(), await deviceOf()];
  lost = Promise.all(devices.map((device) => device.lost.then(({ message }) => message)));
  refused = new Promise((resolve) => guilty.addEventListener('uncapturederror', ({ error }) => error instanceof GPUOutOfMemoryError && resolve({ refused: error.message })));
  return { opened: [guilty, innocent].length };
}
async function deviceOf() {
  const adapter = await navigator.gpu.requestAdapter();
  return adapter.requestDevice();
}
async function losses() {
  const [guilty, innocent] = await lost;
  return { guilty, innocent };
}
const kept = [];
async function fill() {
  const [device] = devices;
  for (let size = 4096; size >= 64; size /= 2) {
    for (let error = null; error === null; ) {
      device.pushErrorScope('out-of-memory');
      kept.push(device.createBuffer({ size, usage: GPUBufferUsage.STORAGE }));
      error = await device.popErrorScope();
    }
  }
  return {};
}

function bufferOf(device, words) {
  const buffer = device.createBuffer({ size: 64, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(buffer, 0, Uint32Array.from(words));
  return buffer;
}
function computing(device, code, buffer) {
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code }) } });
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] });
  return () => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(1);
    pass.end();
    device.queue.submit([encoder.finish()]);
  };
}
function draw(device, buffer) {
  const code = WORD + '@vertex fn vertex(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f { return vec4f(f32(i % 2u) * 4.0 - 1.0, f32(i / 2u) * 4.0 - 1.0, 0.0, 1.0); }'
    + '@fragment fn fragment() -> @location(0) vec4f { ' + FOREVER + ' return vec4f(1.0); }';
  const module = device.createShaderModule({ code });
  const pipeline = device.createRenderPipeline({ layout: 'auto', vertex: { module }, fragment: { module, targets: [{ format: 'rgba8unorm' }] } });
  const view = device.createTexture({ size: [4, 4], format: 'rgba8unorm', usage: GPUTextureUsage.RENDER_ATTACHMENT }).createView();
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginRenderPass({ colorAttachments: [{ view, loadOp: 'clear', storeOp: 'store' }] });
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] }));
  pass.draw(3);
  pass.end();
  device.queue.submit([encoder.finish()]);
}
const HANGS = {
  compute: (device) => computing(device, WORD + '@compute @workgroup_size(1) fn main() { ' + FOREVER + ' }', bufferOf(device, [0, 0]))(),
  fragment: (device) => draw(device, bufferOf(device, [0, 0])),
  compile: (device) => computing(device, bomb(), bufferOf(device, [0, 0])),
  'compile-async': (device) => void device.createComputePipelineAsync({ layout: 'auto', compute: { module: device.createShaderModule({ code: bomb() }) } }),
  destroy: async (device) => {
    HANGS.compute(device);
    // It runs.
    await new Promise((resolve) => setTimeout(resolve, 200));
    device.destroy();
  },
};

async function wordsOf(device, buffer) {
  const readBack = device.createBuffer({ size: 64, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, readBack, 0, 64);
  device.queue.submit([encoder.finish()]);
  await readBack.mapAsync(GPUMapMode.READ);
  return new Uint32Array(readBack.getMappedRange().slice(0));
}
async function check() {
  const counts = await Promise.all(devices.map(async (device) => {
    const buffer = bufferOf(device, [0, 5, 1000]);
    computing(device, COUNT, buffer)();
    return (await wordsOf(device, buffer))[1];
  }));
  return { isRight: counts.every((count) => count === 1005) };
}

async function busy(durationMs) {
  const [device] = devices, perSubmit = 100;
  const buffer = bufferOf(device, [0, 0, perSubmit]), submit = computing(device, COUNT, buffer);
  const endMs = performance.now() + durationMs;
  let submitCount = 0;
  while (performance.now() < endMs) {
    for (let count = 0; count < 50; count++, submitCount++) submit();
    await device.queue.onSubmittedWorkDone();
  }
  return { submitCount, isRight: (await wordsOf(device, buffer))[1] === submitCount * perSubmit };
}

/** How often the shader counts in so many milliseconds, by the best of some tries. */
let countsPerMs = 0;
async function counting(device, durationMs) {
  const buffer = bufferOf(device, [0, 0, 0]), submit = computing(device, COUNT, buffer);
  for (let tries = 0, counts = 1 << 12; tries < 8; tries++, counts *= 2) {
    device.queue.writeBuffer(buffer, 8, Uint32Array.of(counts));
    const beganMs = performance.now();
    submit();
    await device.queue.onSubmittedWorkDone();
    countsPerMs = Math.max(countsPerMs, counts / (performance.now() - beganMs));
  }
  device.queue.writeBuffer(buffer, 8, Uint32Array.of(Math.ceil(countsPerMs * durationMs)));
  return submit;
}
async function burst(submitCount, durationMs) {
  const [device] = devices;
  const submit = await counting(device, durationMs);
  await device.queue.onSubmittedWorkDone();
  const beganMs = performance.now();
  for (let count = 0; count < submitCount; count++) submit();
  await device.queue.onSubmittedWorkDone();
  return { tookMs: Math.round(performance.now() - beganMs) };
}

const COMMANDS = {
  open,
  check,
  await: losses,
  hang: async (kind) => { await HANGS[kind](devices[0]); return Promise.race([losses(), refused]); },
  fill,
  begin: async (kind) => { await HANGS[kind](devices[0]); return {}; },
  busy: (durationMs) => busy(Number(durationMs)),
  long: (durationMs) => burst(1, Number(durationMs)),
  burst: (submitCount, durationMs) => burst(Number(submitCount), Number(durationMs)),
};
for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = line.split(' ');
  const answer = await COMMANDS[name](...args).catch(({ code, message }) => ({ code, message }));
  console.log(JSON.stringify(answer));
}
`;

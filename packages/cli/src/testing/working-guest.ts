/**
 * What a guest of a daemon does in tests, as the text of a module: it keeps a secret pattern in GPU memory, changes it
 * there round by round, and compares all of it with what it must be. Its argument is the secret.
 *   round N T    N rounds were right, the last of which took T milliseconds
 *   lost TEXT    the device is lost (status 3)
 *   wrong N      a word is not what it must be (status 4)
 *   done N       told to end by SIGTERM, after N rounds (status 0)
 */
export const WORKING_GUEST = `
const WORDS = 4096, BYTES = WORDS * 4;
let state = Number(process.argv[1]), isEnding = false, rounds = 0;
const adapter = await navigator.gpu.requestAdapter();
const device = await adapter.requestDevice();
device.lost.then(({ message }) => { if (isEnding) return; console.log('lost ' + message); process.exit(3); });
process.on('SIGTERM', () => { isEnding = true; });
const code = '@group(0) @binding(0) var<storage, read_write> v: array<u32>; @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) i: vec3u) { v[i.x] = v[i.x] * 1664525u + 1013904223u; }';
const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code }) } });
const secret = device.createBuffer({ label: 'secret', size: BYTES, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
const readBack = device.createBuffer({ label: 'read back', size: BYTES, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: secret } }] });
const expected = Uint32Array.from({ length: WORDS }, (_, index) => Math.imul(state + index, 2654435761));
device.queue.writeBuffer(secret, 0, expected);
while (!isEnding) {
  const beganMs = performance.now();
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(WORDS / 64);
  pass.end();
  encoder.copyBufferToBuffer(secret, 0, readBack, 0, BYTES);
  device.queue.submit([encoder.finish()]);
  await readBack.mapAsync(GPUMapMode.READ);
  const found = new Uint32Array(readBack.getMappedRange());
  for (let index = 0; index < WORDS; index++) {
    expected[index] = Math.imul(expected[index], 1664525) + 1013904223;
    if (found[index] !== expected[index]) { console.log('wrong ' + index); process.exit(4); }
  }
  readBack.unmap();
  console.log('round ' + ++rounds + ' ' + (performance.now() - beganMs).toFixed(2));
  await new Promise((resolve) => setTimeout(resolve, 5));
}
console.log('done ' + rounds);
process.exit(0);
`;

/** A guest whose first work never ends. It prints why its device is lost, and the device's part in it. */
export const HANGING_GUEST = `
const device = await (await navigator.gpu.requestAdapter()).requestDevice();
device.lost.then(({ message }) => { console.log('lost ' + message); process.exit(3); });
const code = '@group(0) @binding(0) var<storage, read_write> v: array<u32>; @compute @workgroup_size(1) fn main() { while (v[0] != 12345u) { v[1] = v[1] + 1u; } }';
const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code }) } });
const buffer = device.createBuffer({ size: 64, usage: GPUBufferUsage.STORAGE });
const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] });
const encoder = device.createCommandEncoder();
const pass = encoder.beginComputePass();
pass.setPipeline(pipeline);
pass.setBindGroup(0, group);
pass.dispatchWorkgroups(1);
pass.end();
device.queue.submit([encoder.finish()]);
console.log('submitted');
await device.queue.onSubmittedWorkDone();
`;

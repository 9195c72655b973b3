/**
 * A guest that always wants the GPU, as the text of a module. Its arguments: how many loops each invocation of a submit
 * runs through, and how many submits it keeps in flight. It prints `begun` once the first one is done.
 */
export const DEMANDING_GUEST = `
const [loops, depth] = process.argv.slice(1).map(Number);
const device = await (await navigator.gpu.requestAdapter()).requestDevice();
device.lost.then(({ message }) => { console.log('lost ' + message); process.exit(3); });
const code = '@group(0) @binding(0) var<storage, read_write> v: array<u32>; @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) i: vec3u) { for (var n = 0u; n < ' + loops + 'u; n++) { v[i.x] = v[i.x] * 1664525u + 1013904223u; } }';
const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code }) } });
const buffer = device.createBuffer({ size: 16384, usage: GPUBufferUsage.STORAGE });
const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] });
async function submit() {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(64);
  pass.end();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
}
await submit();
console.log('begun');
for (let lane = 0; lane < depth; lane++) void (async () => { for (;;) await submit(); })();
`;

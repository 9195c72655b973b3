/** A guest that does a little work, says so, and then waits: run under `gpup run` or with the drop-in. */
import { createRequire } from 'node:module';
import { PROVIDER_PATH } from '@gpup/guest';

const provider = createRequire(import.meta.url)(PROVIDER_PATH) as { create(flags: string[]): GPU; globals: object };
Object.assign(globalThis, provider.globals);
const adapter = await provider.create([]).requestAdapter();
const device = (await adapter?.requestDevice()) as GPUDevice;
const module = device.createShaderModule({
  code: '@group(0) @binding(0) var<storage, read_write> v: array<u32>; @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { v[id.x] += id.x; }',
});
const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
const buffer = device.createBuffer({ size: 4096, usage: GPUBufferUsage.STORAGE });
const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] });
const encoder = device.createCommandEncoder();
const pass = encoder.beginComputePass();
pass.setPipeline(pipeline);
pass.setBindGroup(0, bindGroup);
pass.dispatchWorkgroups(16);
pass.end();
device.queue.submit([encoder.finish()]);
await device.queue.onSubmittedWorkDone();
console.log('idle');
// The parent ends us.
process.stdin.resume();

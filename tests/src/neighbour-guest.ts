/** Mixes integers on the GPU step by step, reading each step back; prints a hash of everything it saw, and latencies. */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { PROVIDER_PATH } from '@gpup/guest';

const COUNT = 16384;
const provider = createRequire(import.meta.url)(PROVIDER_PATH) as { create(flags: string[]): GPU; globals: object };
Object.assign(globalThis, provider.globals);
const adapter = await provider.create([]).requestAdapter();
const device = (await adapter?.requestDevice()) as GPUDevice;
device.onuncapturederror = ({ error }) => {
  throw new Error(error.message);
};
const module = device.createShaderModule({
  code: `
    @group(0) @binding(0) var<storage, read_write> v: array<u32>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
      var x = v[id.x] + id.x * 2654435761u;
      for (var i = 0u; i < 32u; i++) { x ^= x << 13u; x ^= x >> 17u; x ^= x << 5u; }
      v[id.x] = x;
    }`,
});
const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
const buffer = device.createBuffer({ size: COUNT * 4, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
const staging = device.createBuffer({ size: COUNT * 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] });
const hash = createHash('sha256');
const timesMs: number[] = [];
for (let step = 0; step < Number(process.argv[2]); step++) {
  const start = performance.now();
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(COUNT / 64);
  pass.end();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, COUNT * 4);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  hash.update(new Uint8Array(staging.getMappedRange()));
  staging.unmap();
  timesMs.push(performance.now() - start);
}
timesMs.sort((a, b) => a - b);
const quantile = (q: number): number => timesMs[Math.floor(timesMs.length * q)] as number;
console.log(JSON.stringify({ hash: hash.digest('hex'), p50Ms: quantile(0.5), p99Ms: quantile(0.99) }));

/**
 * A guest that counts on the GPU. For each line `submit N` on standard input it submits N times, without waiting in
 * between, what makes a word v into 3 v + 1, and prints `counted N V` when it has read the word back. For `interactive`
 * it names that latency class, and prints `classed`. First of all it prints `ready`.
 */
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { PROVIDER_PATH } from '@gpup/guest';

const SHADER = `
  @group(0) @binding(0) var<storage, read_write> v: array<u32>;
  @compute @workgroup_size(1) fn main() { v[0] = v[0] * 3u + 1u; }`;

interface Provider {
  create(flags: string[]): GPU;
  readonly globals: object;
  callEscape(gpu: GPU, name: string, request: object): Promise<unknown>;
}

const provider = createRequire(import.meta.url)(PROVIDER_PATH) as Provider;
Object.assign(globalThis, provider.globals);
const gpu = provider.create([]);
const device = (await (await gpu.requestAdapter())?.requestDevice()) as GPUDevice;
device.onuncapturederror = ({ error }) => {
  throw new Error(error.message);
};
void device.lost.then(() => process.exit(3));
const buffer = device.createBuffer({ size: 4, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
const staging = device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code: SHADER }) } });
const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] });

function step(): void {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(1);
  pass.end();
  device.queue.submit([encoder.finish()]);
}

async function value(): Promise<number> {
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, 4);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const [read] = new Uint32Array(staging.getMappedRange());
  staging.unmap();
  return read as number;
}

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const [verb, count] = line.split(' ');
  if (verb === 'interactive') {
    await provider.callEscape(gpu, 'latency-class', { latencyClass: 'interactive' });
    process.stdout.write('classed\n');
  } else {
    for (let i = 0; i < Number(count); i++) step();
    process.stdout.write(`counted ${count} ${await value()}\n`);
  }
}
process.exit(0);

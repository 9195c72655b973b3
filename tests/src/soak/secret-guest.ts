/**
 * A guest with a secret: `secret-guest.js SECRET`, a whole number. A pattern that nobody else has lies in its GPU memory;
 * the GPU changes it round by round, and each round all of it is read back and compared: once a second until a line comes
 * on standard input, then without a pause until standard input ends. Lines:
 *   verified              once, after the first round
 *   done ROUNDS SLOWEST   told to end, after so many rounds, the slowest of which took so many ms (status 0)
 *   wrong INDEX FOUND     a word is not what it must be (status 4)
 *   lost TEXT             the device is lost (status 3)
 */
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROVIDER_PATH } from '@gpup/guest';

const WORDS = 1 << 18;
const GROUP = 64;
const SHADER = `
  @group(0) @binding(0) var<storage, read_write> v: array<u32>;
  @compute @workgroup_size(${GROUP}) fn main(@builtin(global_invocation_id) id: vec3u) { v[id.x] = v[id.x] * 1664525u + 1013904223u; }`;

const secret = Number(process.argv[2]);
let isEnding = false;
let pauseMs = 1000;
process.stdin.once('data', () => {
  pauseMs = 0;
});
process.stdin.once('end', () => {
  isEnding = true;
});

function end(status: number, line: string): never {
  process.stdout.write(`${line}\n`);
  process.exit(status);
}

const provider = createRequire(import.meta.url)(PROVIDER_PATH) as { create(flags: string[]): GPU; globals: object };
Object.assign(globalThis, provider.globals);
const device = (await (await provider.create([]).requestAdapter())?.requestDevice()) as GPUDevice;
void device.lost.then(({ message }) => end(3, `lost ${message}`));
const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code: SHADER }) } });
const buffer = device.createBuffer({ label: `secret ${secret}`, size: WORDS * 4, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
const readBack = device.createBuffer({ label: 'read back', size: WORDS * 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] });
const expected = Uint32Array.from({ length: WORDS }, (_, index) => Math.imul(secret * WORDS + index, 2654435761));
device.queue.writeBuffer(buffer, 0, expected);

async function round(): Promise<void> {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(WORDS / GROUP);
  pass.end();
  encoder.copyBufferToBuffer(buffer, 0, readBack, 0, WORDS * 4);
  device.queue.submit([encoder.finish()]);
  await readBack.mapAsync(GPUMapMode.READ);
  compare(new Uint32Array(readBack.getMappedRange()));
  readBack.unmap();
}

function compare(found: Uint32Array): void {
  for (let index = 0; index < WORDS; index++) {
    const word = (Math.imul(expected[index] as number, 1664525) + 1013904223) >>> 0;
    if (found[index] !== word) end(4, `wrong ${index} ${found[index]}`);
    expected[index] = word;
  }
}

let rounds = 0;
let slowestMs = 0;
while (!isEnding) {
  const startMs = performance.now();
  await round();
  slowestMs = Math.max(slowestMs, performance.now() - startMs);
  if (++rounds === 1) process.stdout.write('verified\n');
  await sleep(pauseMs);
}
end(0, `done ${rounds} ${Math.ceil(slowestMs)}`);

/** A program is captured beside the host, and its capture replayed: the same comes out. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gpup } from 'gpup/testing';
import { type StepKind, stepKind } from '../plan/step-kind.ts';
import type { Scene } from '../scene/scene.ts';

const PROGRAM = `
  const seed = Number(process.argv[1]);
  const device = await (await navigator.gpu.requestAdapter()).requestDevice();
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ size: 4096, usage });
  const target = device.createBuffer({ size: 4096, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(buffer, 0, Uint32Array.from({ length: 1024 }, (_, index) => index * seed));
  const code = '@group(0) @binding(0) var<storage, read_write> v: array<u32>; @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) i: vec3u) { v[i.x] = v[i.x] ^ (i.x << 7u); }';
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code }) } });
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(16);
  pass.end();
  encoder.copyBufferToBuffer(buffer, 0, target, 0, 4096);
  device.queue.submit([encoder.finish()]);
  await target.mapAsync(GPUMapMode.READ);
  const words = new Uint32Array(target.getMappedRange());
  const wrong = words.findIndex((word, index) => word !== ((Math.imul(index, seed) ^ (index << 7)) >>> 0));
  console.log(wrong === -1 ? 'right' : 'wrong ' + wrong);
`;
const SEED_MAX = 1 << 20;

export const CAPTURE: StepKind<{ readonly seed: number }> = {
  name: 'capture',
  weight: { calm: 1, rough: 1 },
  choose: (_world, random) => ({ seed: random.between(1, SEED_MAX) }),
  foresee() {},
  async perform(scene, { seed }) {
    if (scene.background.isRunning('capture')) return;
    scene.background.start('capture', () => runCapture(scene, seed));
  },
};

/** It has a host of its own, in a runtime directory of its own, which that host leaves as it was. */
async function runCapture(scene: Scene, seed: number): Promise<void> {
  const directory = join(scene.directory, 'capture');
  const runtime = join(directory, 'run');
  mkdirSync(runtime, { recursive: true });
  const env = { ...process.env, XDG_RUNTIME_DIR: runtime };
  const path = join(directory, 'app.gpupcap');
  const captured = await gpup(['capture', '--adapter', 'software', '-o', path, '--', process.execPath, '--input-type=module', '-e', PROGRAM, String(seed)], env).ended;
  const replayed = await gpup(['replay', '--adapter', 'software', path, '--json'], env).ended;
  const isRight = captured.status === 0 && captured.stdout === 'right\n' && replayed.status === 0;
  if (!isRight) scene.findings.violate('captures', `A capture (seed ${seed}) has ended with ${captured.status}, ${captured.stdout} ${captured.stderr}; its replay with ${replayed.status}, ${replayed.stdout} ${replayed.stderr}`);
  const left = readdirSync(runtime);
  if (left.length > 0) scene.findings.violate('captures', `A host of a program's own has left ${left.join(', ')}.`);
  scene.findings.count('captures.replayed');
  rmSync(directory, { recursive: true });
}

export const CAPTURE_STEPS = [stepKind(CAPTURE)];

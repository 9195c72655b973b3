/** A program ends when it is done, whatever it leaves behind, and takes its VF along. */
import { deepEqual, equal } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { PROVIDER_PATH } from '@gpup/guest';
import { TRANSPORTS, type Transport } from './testing/api.ts';

interface Ended {
  readonly status: number | string;
  readonly output: string;
}

/** Runs a program that has a device and does what `script` says. */
function run(transport: Transport, script: string): Promise<Ended> {
  const source = `
    const { create, globals } = require(${JSON.stringify(PROVIDER_PATH)});
    Object.assign(globalThis, globals);
    const gpu = create([]);
    (async () => {
      const device = await (await gpu.requestAdapter()).requestDevice();
      ${script}
    })();`;
  const child = spawn(process.execPath, ['-e', source], { env: { ...process.env, GPUP_TRANSPORT: transport, GPUP_ADAPTER: 'software' }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { output += chunk.toString(); });
  return new Promise((resolve) => child.once('close', (code, signal) => resolve({ status: signal ?? code ?? 0, output })));
}

for (const transport of TRANSPORTS) {
  for (const [what, script, output] of [
    ['only listens', "device.lost.then(() => console.log('lost')); device.onuncapturederror = () => console.log('error');", ''],
    ['has submitted work and does not wait for it', `
      const buffer = device.createBuffer({ size: 1 << 20, usage: 8 });
      for (let i = 0; i < 100; i++) { const encoder = device.createCommandEncoder(); encoder.clearBuffer(buffer); device.queue.submit([encoder.finish()]); }
      console.log('submitted');`, 'submitted\n'],
    ['has mapped buffers and open encoders', `
      device.createBuffer({ size: 16, usage: 4, mappedAtCreation: true }).getMappedRange();
      const buffer = device.createBuffer({ size: 16, usage: 9 });
      await buffer.mapAsync(1);
      device.createCommandEncoder().beginComputePass();
      console.log(buffer.mapState);`, 'mapped\n'],
    ['has waited for its last answer', `
      await device.queue.onSubmittedWorkDone();
      device.pushErrorScope('validation');
      device.createBuffer({ size: 16, usage: 0 });
      console.log((await device.popErrorScope()).constructor.name);`, 'GPUValidationError\n'],
  ] as const) {
    test(`${transport}: a program that ${what} ends by itself`, async () => {
      deepEqual(await run(transport, script), { status: 0, output });
    });
  }

  test(`${transport}: a program stays for an answer that it waits for`, async () => {
    const { status, output } = await run(transport, `
      device.queue.onSubmittedWorkDone().then(() => console.log('done'));
      const buffer = device.createBuffer({ size: 4, usage: 9 });
      buffer.mapAsync(1).then(() => console.log('mapped'));`);
    deepEqual([status, output.split('\n').sort()], [0, ['', 'done', 'mapped']]);
  });

  test(`${transport}: an error that nobody hears of is printed, and does not stop the program`, async () => {
    const { status, output } = await run(transport, "device.createBuffer({ size: 4, usage: 0 }); await device.queue.onSubmittedWorkDone(); console.log('on');");
    equal(status, 0);
    equal(/^Uncaptured WebGPU error \(validation\): .+\n[\s\S]*on\n$/.test(output), true, output);
  });

  test(`${transport}: process.exit() ends it at once`, async () => {
    deepEqual(await run(transport, 'device.queue.onSubmittedWorkDone(); process.exit(7);'), { status: 7, output: '' });
  });
}

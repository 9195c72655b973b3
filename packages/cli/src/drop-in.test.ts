/** The provider module by itself, as programs use npm `webgpu`: no `gpup run` around them. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { PROVIDER_PATH } from '@gpup/guest';
import { processesIn } from './testing/processes.ts';
import { type Ended, Program } from './testing/program.ts';
import { eventually } from './testing/scenario.ts';

let folder: string;
let runtime: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'gpup-test-'));
});
beforeEach(() => {
  runtime = mkdtempSync(join(folder, 'runtime-'));
});
after(() => rmSync(folder, { recursive: true }));

async function runScript(name: string, script: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const path = join(folder, name);
  writeFileSync(path, script);
  const ended = await new Program([process.execPath, path], { env: { ...process.env, XDG_RUNTIME_DIR: runtime, ...env } }).ended;
  await eventually(() => processesIn(runtime).size === 0 || undefined, () => `processes are left: ${JSON.stringify([...processesIn(runtime)])}`);
  deepEqual(readdirSync(runtime), []);
  return ended;
}

const REQUIRE = `const { create, globals } = require(${JSON.stringify(PROVIDER_PATH)});`;
const DEVICE = 'const device = await (await create([]).requestAdapter()).requestDevice();';

test('require() gives create and globals; a host process comes with the first need and goes with the program', async () => {
  const { status, stdout, stderr } = await runScript('required.cjs', `${REQUIRE} (async () => { ${DEVICE} console.log(device instanceof globals.GPUDevice); })();`);
  deepEqual([status, stdout, stderr], [0, 'true\n', '']);
});

test('import gives the same names', async () => {
  const { stdout, stderr } = await runScript('imported.mjs', `import { create, globals } from ${JSON.stringify(PROVIDER_PATH)}; ${DEVICE} console.log(device instanceof globals.GPUDevice);`);
  deepEqual([stdout, stderr], ['true\n', '']);
});

test('a program that only loads the module starts nothing', async () => {
  const { stdout } = await runScript('idle.cjs', `${REQUIRE} create([]); console.log(process.env.GPUP_SOCKET, Object.keys(require.cache).some((path) => path.includes('koffi')));`);
  equal(stdout, 'undefined false\n');
});

test('a getter opens the context without awaiting', async () => {
  for (const transport of ['aperture', 'stream']) {
    const { stdout, stderr } = await runScript('getter.cjs', `${REQUIRE} console.log(create([]).wgslLanguageFeatures.size > 0);`, { GPUP_TRANSPORT: transport });
    deepEqual([stdout, stderr], ['true\n', '']);
  }
});

test('a virtual canvas is drawn on and read back', async () => {
  const script = `${REQUIRE.replace('globals', 'globals, VirtualCanvas')} (async () => { ${DEVICE}
    const canvas = new VirtualCanvas(3, 2);
    const context = canvas.getContext('webgpu');
    context.configure({ device, format: 'rgba8unorm' });
    const encoder = device.createCommandEncoder();
    const view = context.getCurrentTexture().createView();
    encoder.beginRenderPass({ colorAttachments: [{ view, loadOp: 'clear', storeOp: 'store', clearValue: [1, 0, 1, 1] }] }).end();
    device.queue.submit([encoder.finish()]);
    const { data } = await canvas.readPixels();
    console.log(data.length, data.every((value, at) => value === (at % 4 === 1 ? 0 : 255)));
  })();`;
  const { stdout, stderr } = await runScript('canvas.cjs', script);
  deepEqual([stdout, stderr], ['24 true\n', '']);
});

test('works from wherever it is: through a link, and as a copy', async () => {
  const link = join(folder, 'linked-provider.cjs');
  const copy = join(folder, 'copied-provider.cjs');
  symlinkSync(PROVIDER_PATH, link);
  copyFileSync(PROVIDER_PATH, copy);
  for (const path of [link, copy]) {
    const { stdout, stderr } = await runScript('elsewhere.cjs', `const { create } = require(${JSON.stringify(path)}); (async () => { ${DEVICE} console.log(device.constructor.name); })();`);
    deepEqual([stdout, stderr], ['GPUDevice\n', '']);
  }
});

test('processes and workers that are started later share the host process', async () => {
  const child = `${REQUIRE} (async () => { ${DEVICE} console.log(process.env.GPUP_SOCKET); })();`;
  const script = `${REQUIRE}
    const { execFileSync } = require('node:child_process');
    const { Worker } = require('node:worker_threads');
    (async () => {
      ${DEVICE}
      const socket = process.env.GPUP_SOCKET;
      const inProcess = execFileSync(process.execPath, ['-e', ${JSON.stringify(child)}], { encoding: 'utf8' }).trim();
      const worker = new Worker(${JSON.stringify(child.replace('console.log(', "require('node:worker_threads').parentPort.postMessage("))}, { eval: true });
      const inWorker = await new Promise((resolve) => worker.once('message', resolve));
      console.log(inProcess === socket, inWorker === socket);
    })();`;
  const { stdout, stderr } = await runScript('family.cjs', script);
  deepEqual([stdout, stderr], ['true true\n', '']);
});

test("a worker's own host process ends with the worker", async () => {
  const worker = `${REQUIRE} (async () => { ${DEVICE} require('node:worker_threads').parentPort.postMessage(process.env.GPUP_SOCKET); })();`;
  const script = `
    const { existsSync } = require('node:fs');
    const { Worker } = require('node:worker_threads');
    const worker = new Worker(${JSON.stringify(worker)}, { eval: true });
    worker.once('message', async (socket) => {
      await worker.terminate();
      while (existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 10));
      console.log(typeof socket, process.env.GPUP_SOCKET);
    });`;
  const { stdout, stderr } = await runScript('worker.cjs', script);
  deepEqual([stdout, stderr], ['string undefined\n', '']);
});

test('two contexts that are opened at once share one host process', async () => {
  const script = `${REQUIRE} (async () => {
    const devices = await Promise.all([1, 2].map(async () => (await create([]).requestAdapter()).requestDevice()));
    console.log(devices.length, require('node:fs').readdirSync(process.env.XDG_RUNTIME_DIR).length);
  })();`;
  equal((await runScript('two.cjs', script)).stdout, '2 1\n');
});

test('a host process that is gone is not replaced behind the back of whoever gave it', async () => {
  const socket = join(runtime, 'gone.sock');
  const script = `${REQUIRE} create([]).requestAdapter().then(() => console.log('adapter'), (error) => console.log(error.message));`;
  const { stdout } = await runScript('gone.cjs', script, { GPUP_SOCKET: socket });
  equal(stdout, `No host process listens at GPUP_SOCKET (${socket}): ENOENT.\n`);
});

test('a transport that there is not is named', async () => {
  const script = `${REQUIRE} create([]).requestAdapter().catch((error) => console.log(error.message));`;
  const { stdout } = await runScript('transport.cjs', script, { GPUP_TRANSPORT: 'pigeon' });
  equal(stdout, 'GPUP_TRANSPORT (pigeon) is none of aperture, stream.\n');
});

test('an adapter that there is not is named', async () => {
  const script = `${REQUIRE} create([]).requestAdapter().catch((error) => console.log(error.message));`;
  const { stdout } = await runScript('adapter.cjs', script, { GPUP_ADAPTER: 'quantum' });
  match(stdout, /^The adapter \(quantum\) is none of auto, hardware, software\.\n$/);
});

test('programs that start at the same moment on a machine without the unpacked software GPU all get it', async () => {
  const env = { XDG_CACHE_HOME: mkdtempSync(join(folder, 'cache-')), GPUP_ADAPTER: 'software' };
  const path = join(folder, 'together.cjs');
  writeFileSync(path, `${REQUIRE} (async () => { ${DEVICE} console.log('ok'); })();`);
  const programs = Array.from({ length: 4 }, () => new Program([process.execPath, path], { env: { ...process.env, ...env, XDG_RUNTIME_DIR: runtime } }).ended);
  deepEqual((await Promise.all(programs)).map(({ stdout, stderr }) => stdout + stderr), ['ok\n', 'ok\n', 'ok\n', 'ok\n']);
  deepEqual(readdirSync(join(env.XDG_CACHE_HOME, 'gpup')).map((name) => name.replace(/[\d.]+$/, '')), ['swiftshader-']);
});

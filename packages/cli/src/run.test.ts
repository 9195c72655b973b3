import { deepEqual, equal, match } from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gpup, gpupRun } from './testing/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'gpup-test-'));
after(() => rmSync(folder, { recursive: true }));

test('passes on arguments, output, and the exit status', async () => {
  const script = 'console.log(process.argv.slice(1).join()); console.error("bad"); process.exit(7)';
  const { status, stdout, stderr } = await gpup(['run', '--', process.execPath, '-e', script, '--', '--vram', 'a b']).ended;
  deepEqual({ status, stdout, stderr }, { status: 7, stdout: '--vram,a b\n', stderr: 'bad\n' });
});

test('ends with 128 + N when signal N ended the program', async () => {
  equal((await gpupRun('process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)').ended).status, 128 + 15);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const) {
  test(`passes ${signal} on to the program, which decides what it means`, async () => {
    const run = gpupRun(`process.on("${signal}", () => process.exit(42)); setInterval(() => {}, 1000); console.log("up")`);
    await run.printed('up');
    run.child.kill(signal);
    equal((await run.ended).status, 42);
  });
}

test('ends with 127 when the program is not found, and names it', async () => {
  const { status, stderr } = await gpup(['run', '--', 'no-such-program']).ended;
  deepEqual([status, stderr], [127, 'gpup: program (no-such-program) is not found.\n']);
});

test('ends with 126 when the program cannot be executed, and names it', async () => {
  const path = join(folder, 'data.txt');
  writeFileSync(path, 'no program');
  chmodSync(path, 0o644);
  const { status, stderr } = await gpup(['run', '--', path]).ended;
  deepEqual([status, stderr], [126, `gpup: program (${path}) cannot be executed (EACCES).\n`]);
});

test('ends with 2 and one line for a mistake on the command line', async () => {
  const { status, stdout, stderr } = await gpup(['run', '--vram', '0', '--', 'true']).ended;
  deepEqual([status, stdout, stderr], [2, '', 'gpup: --vram (0) is below the limit (1 byte).\n']);
});

test('says that there is no GPU, and why, when only real ones are asked for', async () => {
  const env = { ...process.env, VK_DRIVER_FILES: '/nonexistent/icd.json', VK_ICD_FILENAMES: '/nonexistent/icd.json' };
  const { status, stderr } = await gpup(['run', '--adapter', 'hardware', '--', 'true'], env).ended;
  deepEqual([status, stderr], [1, 'gpup: No GPU found. Dawn opens no adapter of the installed Vulkan drivers.\n']);
});

test('adds the preload to NODE_OPTIONS that are there, once', async () => {
  const script = 'console.log(process.env.NODE_OPTIONS)';
  const env = { ...process.env, NODE_OPTIONS: '--stack-trace-limit=7' };
  const { stdout } = await gpup(['run', '--', process.execPath, '-e', script], env).ended;
  match(stdout, /^--stack-trace-limit=7 --import file:\S+\/preload\.mjs\n$/);
  const again = await gpup(['run', '--', process.execPath, '-e', script], { ...env, NODE_OPTIONS: stdout.trim() }).ended;
  equal(again.stdout, stdout);
});

test('installs navigator.gpu and the classes before the program, and loads the driver only for those who look', async () => {
  const script = `
    const before = Object.getOwnPropertyDescriptor(globalThis, 'GPUBuffer').get !== undefined;
    const names = [typeof navigator.gpu.requestAdapter, typeof GPUBuffer, GPUBufferUsage.MAP_READ, 'GPUDevice' in globalThis, navigator.gpu === navigator.gpu, navigator.gpu instanceof GPU];
    console.log(JSON.stringify({ before, names }))`;
  const { stdout, stderr } = await gpupRun(script).ended;
  deepEqual([JSON.parse(stdout), stderr], [{ before: true, names: ['function', 'function', 1, true, true, true] }, '']);
});

for (const transport of ['aperture', 'stream']) {
  test(`gives the program, its workers and the processes that it starts a GPU (${transport})`, async () => {
    const open = 'const adapter = await navigator.gpu.requestAdapter(); const device = await adapter.requestDevice();';
    const script = `
      import { Worker } from 'node:worker_threads';
      import { execFileSync } from 'node:child_process';
      ${open}
      console.log('program', device instanceof GPUDevice);
      console.log(execFileSync(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(`${open} console.log('process', device instanceof GPUDevice)`)}], { encoding: 'utf8' }).trim());
      const worker = new Worker(${JSON.stringify(`(async () => { ${open} console.log('worker', device instanceof GPUDevice) })()`)}, { eval: true });
      worker.on('exit', () => process.exit(0));`;
    const { status, stdout, stderr } = await gpupRun(script, { args: ['--transport', transport] }).ended;
    deepEqual([status, stdout, stderr], [0, 'program true\nprocess true\nworker true\n', '']);
  });
}

test('a program that has used its GPU ends by itself', async () => {
  const script = 'const adapter = await navigator.gpu.requestAdapter(); globalThis.kept = await adapter.requestDevice(); console.log("done")';
  const { status, stdout } = await gpupRun(script).ended;
  deepEqual([status, stdout], [0, 'done\n']);
});

test('a driver that the user names is used as a real GPU, also when it is a CPU', async () => {
  const { softwareAdapters } = await import('@gpup/pf');
  const { environment } = await softwareAdapters();
  const env = { ...process.env, VK_DRIVER_FILES: environment['VK_DRIVER_FILES'] };
  const script = 'console.log((await navigator.gpu.requestAdapter()).info.architecture)';
  const { status, stdout } = await gpupRun(script, { args: ['--adapter', 'hardware'], env }).ended;
  deepEqual([status, stdout], [0, 'swiftshader\n']);
});

test('info describes the GPUs, versions and modules', async () => {
  const { status, stdout } = await gpup(['info', '--json']).ended;
  equal(status, 0);
  const info = JSON.parse(stdout) as { version: string; protocol: string; dawn: string; providerModule: string; executor: { kind: string; reason: string }; adapters: { kind: string; backend: string; limits: { maxBufferSize: number } }[] };
  match(info.version, /^\d+\.\d+\.\d+$/);
  match(info.protocol, /^\d+\.\d+$/);
  match(info.providerModule, /^\/.*provider\.cjs$/);
  // The pinned Dawn of linux-x64 is known; elsewhere it says why not.
  deepEqual(info.executor.kind === 'direct', info.executor.reason === '');
  const software = info.adapters.find(({ kind }) => kind === 'software');
  deepEqual([software?.backend, (software?.limits.maxBufferSize ?? 0) > 0], ['vulkan', true]);
});

test('help and version go to standard output', async () => {
  match((await gpup(['--help']).ended).stdout, /^Usage: gpup COMMAND/);
  match((await gpup(['run', '--help']).ended).stdout, /^Usage: gpup run /);
  match((await gpup(['info', '--help']).ended).stdout, /^Usage: gpup info/);
  match((await gpup(['--version']).ended).stdout, /^\d+\.\d+\.\d+\n$/);
});

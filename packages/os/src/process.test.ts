import { equal, notEqual, throws } from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { closeDescriptor, hasProcessEnded, openProcess, processStartTicks, signalProcess, waitForDescriptor } from './index.ts';

const parentProgram = fileURLToPath(new URL('./testing/dying-parent.js', import.meta.url));
const importProgram = fileURLToPath(new URL('./testing/import-only.js', import.meta.url));

test('a process that asked for it dies with its parent', { timeout: 30_000 }, async () => {
  const parent = spawn(process.execPath, [parentProgram], { stdio: ['pipe', 'pipe', 'inherit'] });
  // The pipe is the grandchild's too: it ends only when both are gone.
  const ended = once(parent.stdout, 'end');
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const childPid = Number(line.toString());
  notEqual(processStartTicks(childPid), null);
  parent.kill('SIGKILL');
  await ended;
});

test('a process that took that back lives on, and is ended through a descriptor that names it', { timeout: 30_000 }, async () => {
  const parent = spawn(process.execPath, [parentProgram, 'surviving'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(parent.stdout, 'end');
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const child = openProcess(Number(line.toString())) as number;
  const parentGone = once(parent, 'exit');
  parent.kill('SIGKILL');
  await parentGone;
  equal(hasProcessEnded(child), false);
  equal(signalProcess(child, 'SIGKILL'), true);
  await ended;
  // Its descriptors are closed a moment before it has ended.
  equal(waitForDescriptor(child, 'readable', -1), true);
  closeDescriptor(child);
});

test('a descriptor of a process that is reaped signals nobody', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
  const handle = openProcess(child.pid as number) as number;
  const exited = once(child, 'exit');
  equal(signalProcess(handle, 'SIGTERM'), true);
  await exited;
  equal(hasProcessEnded(handle), true);
  equal(signalProcess(handle, 'SIGTERM'), false);
  closeDescriptor(handle);
});

test('no descriptor names a process that is not there', () => {
  // Beyond the greatest pid that any kernel gives (PID_MAX_LIMIT, 2^22).
  equal(openProcess(2 ** 22 + 1), null);
});

test('a process asks the kernel for impossible pids in vain', () => {
  throws(() => openProcess(-1), { name: 'SystemCallError', code: 'EINVAL', syscall: 'pidfd_open' });
});

test('a process that asks after its parent has ended is told so', () => {
  const { status } = spawnSync(process.execPath, [parentProgram, 'child', '1'], { stdio: 'inherit' });
  equal(status, 3);
});

test('start times tell processes apart', () => {
  const ownTicks = processStartTicks(process.pid);
  equal(typeof ownTicks === 'number' && ownTicks > 0, true);
  equal(processStartTicks(process.pid), ownTicks);
  equal(processStartTicks(2 ** 30), null);
});

test('importing the package loads no native code', () => {
  const { status, stdout } = spawnSync(process.execPath, [importProgram], { encoding: 'utf8' });
  equal(status, 0);
  equal(stdout, 'before use: false, after use: true\n');
});

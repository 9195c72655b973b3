import { equal, notEqual } from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { processStartTicks } from './index.ts';

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

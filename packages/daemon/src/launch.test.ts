import { deepEqual, equal, rejects } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { identify } from '@gpup/pf/core';
import { daemonStatus, startDaemon, stopDaemon } from './launch.ts';

/** The configuration of a daemon that has never run, and whose lock says what it is given. */
function configWith(t: TestContext, holder?: object): string {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-launch-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const runtimeDirectory = join(directory, 'run');
  mkdirSync(runtimeDirectory);
  if (holder !== undefined) writeFileSync(join(runtimeDirectory, 'daemon.lock'), JSON.stringify(holder));
  const configPath = join(directory, 'host.json');
  writeFileSync(configPath, JSON.stringify({ runtimeDirectory, stateDirectory: join(directory, 'state') }));
  return configPath;
}

const { pidNamespace = '', startTime = 0 } = identify(process.pid) ?? {};

test('where no daemon runs there is nothing to stop', async (t) => {
  const configPath = configWith(t);
  equal(daemonStatus({ configPath }).holder, null);
  equal(await stopDaemon({ configPath, guests: 'leave' }), false);
});

test('a process that has the number of a daemon that is gone is left alone', async (t) => {
  const configPath = configWith(t, { pidNamespace, pid: process.pid, startTime: startTime + 1, sinceMs: 1 });
  equal(await stopDaemon({ configPath, guests: 'end' }), false);
});

test('a daemon of another pid namespace is not mistaken for a process of this one', async (t) => {
  const configPath = configWith(t, { pidNamespace: `${pidNamespace}1`, pid: process.pid, startTime, sinceMs: 1 });
  equal(daemonStatus({ configPath }).holder?.pid, process.pid);
  await rejects(stopDaemon({ configPath, guests: 'end' }), { name: 'Refusal', code: 'host-elsewhere' });
});

for (const [what, script, code, message] of [
  ['says why', `require('fs').writeSync(3, '{"type":"error","code":"no-adapter","message":"There is none."}\\n')`, 'no-adapter', 'There is none.'],
  ['says nothing', `console.error('Oh.'); process.exit(7)`, 'host-start', 'The host ended before it was ready (exit status 7). Oh.'],
  ['says gibberish', `require('fs').writeSync(3, 'hello\\n'); process.exit(0)`, 'host-start', 'The host ended before it was ready (exit status 0).'],
] as const) {
  test(`a daemon that ends before it is ready and ${what} is a refusal`, async (t) => {
    const program = join(mkdtempSync(join(tmpdir(), 'gpup-launch-')), 'program.cjs');
    t.after(() => rmSync(join(program, '..'), { recursive: true }));
    writeFileSync(program, script);
    await rejects(startDaemon({ program }), { name: 'Refusal', code, message });
  });
}

test('one that is ready goes on without its starter, in a session of its own', async (t) => {
  const program = join(mkdtempSync(join(tmpdir(), 'gpup-launch-')), 'program.cjs');
  t.after(() => rmSync(join(program, '..'), { recursive: true }));
  const line = { type: 'ready', apiSocket: '/nowhere', adoptedCount: 0 };
  writeFileSync(program, `require('fs').writeSync(3, JSON.stringify({ ...${JSON.stringify(line)}, pid: process.pid }) + '\\n'); setInterval(() => {}, 1000)`);
  const { pid, ...rest } = await startDaemon({ program });
  t.after(() => process.kill(pid, 'SIGKILL'));
  deepEqual(rest, line);
  process.kill(-pid, 0);
});

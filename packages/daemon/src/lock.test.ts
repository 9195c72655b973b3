import { equal, throws } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { acquireLock, runningDaemon } from './lock.ts';

function lockPath(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-lock-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'daemon.lock');
}

test('one daemon at a time, and the other one is told whose it is', (t) => {
  const path = lockPath(t);
  equal(runningDaemon(path), null);
  const lock = acquireLock(path);
  const other = acquireLock(path);
  equal(other.kind === 'held' && other.holder?.pid, process.pid);
  equal(runningDaemon(path)?.pid, process.pid);
  if (lock.kind === 'locked') lock.release();
  equal(runningDaemon(path), null);
  const next = acquireLock(path);
  equal(next.kind, 'locked');
  if (next.kind === 'locked') next.release();
});

test('what a killed daemon leaves is no lock', { timeout: 30_000 }, async (t) => {
  const path = lockPath(t);
  const program = `import { acquireLock } from '${new URL('./lock.js', import.meta.url).href}'; console.log(acquireLock(${JSON.stringify(path)}).kind); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  equal(runningDaemon(path)?.pid, holder.pid);
  const held = acquireLock(path);
  equal(held.kind === 'held' && held.holder?.pid, holder.pid);
  const gone = once(holder, 'exit');
  holder.kill('SIGKILL');
  await gone;
  equal(runningDaemon(path), null);
  const lock = acquireLock(path);
  equal(lock.kind, 'locked');
  if (lock.kind === 'locked') lock.release();
});

for (const text of ['', '{', '[]', '{"pid":0}', '{"pidNamespace":"1","pid":-1,"startTime":0,"sinceMs":0}', 'null']) {
  test(`a file that says ${JSON.stringify(text)} names nobody, and can be locked`, (t) => {
    const path = lockPath(t);
    writeFileSync(path, text);
    equal(runningDaemon(path), null);
    const lock = acquireLock(path);
    equal(lock.kind, 'locked');
    if (lock.kind === 'locked') lock.release();
  });
}

test('a link in the place of the lock is not followed', (t) => {
  const path = lockPath(t);
  symlinkSync('/dev/null', path);
  throws(() => acquireLock(path), { code: 'ELOOP' });
});

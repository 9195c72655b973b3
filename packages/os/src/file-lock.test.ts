import { equal } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { lockFileNow } from './index.ts';

const holderProgram = fileURLToPath(new URL('./testing/lock-holder.js', import.meta.url));

function pathFor(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-lock-test-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'lock');
}

test('a file is locked by one opening at a time', (t) => {
  const path = pathFor(t);
  const [first, second] = [openSync(path, 'a'), openSync(path, 'a')];
  equal(lockFileNow(first), true);
  equal(lockFileNow(second), false);
  equal(lockFileNow(first), true);
  closeSync(first);
  equal(lockFileNow(second), true);
  closeSync(second);
});

test('the kernel lets go when the holder is killed', { timeout: 30_000 }, async (t) => {
  const path = pathFor(t);
  const holder = spawn(process.execPath, [holderProgram, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  const fd = openSync(path, 'a');
  equal(lockFileNow(fd), false);
  const gone = once(holder, 'exit');
  holder.kill('SIGKILL');
  await gone;
  equal(lockFileNow(fd), true);
  closeSync(fd);
});

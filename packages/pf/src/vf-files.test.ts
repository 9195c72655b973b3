import { deepEqual, equal } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { limitVfLog, openVfLog, vfFiles, vfLogTail } from './vf-files.ts';

function filesFor(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-vf-files-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return { directory, files: vfFiles(directory, '00000000000000ab') };
}

test('the end of a log is read, and a log that has grown is cut off', (t) => {
  const { files } = filesFor(t);
  const fd = openVfLog(files);
  writeSync(fd, 'first last');
  limitVfLog(files, 10);
  equal(vfLogTail(files, 4), 'last');
  limitVfLog(files, 9);
  writeSync(fd, 'next');
  equal(vfLogTail(files, 100), 'next');
  closeSync(fd);
});

test('a pipe in the place of a log is not waited for', (t) => {
  const { files } = filesFor(t);
  equal(spawnSync('mkfifo', [files.logPath]).status, 0);
  equal(vfLogTail(files, 100), '');
  limitVfLog(files, 0);
});

test('a link in the place of a log leads nowhere', (t) => {
  const { directory, files } = filesFor(t);
  const path = join(directory, 'precious');
  writeFileSync(path, 'words');
  symlinkSync(path, files.logPath);
  limitVfLog(files, 1);
  deepEqual([vfLogTail(files, 100), readFileSync(path, 'utf8')], ['', 'words']);
});

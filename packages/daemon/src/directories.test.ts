import { equal, throws } from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Directories, directoriesIn, makeDirectories } from './directories.ts';

function planned(t: TestContext): Directories {
  const base = mkdtempSync(join(tmpdir(), 'gpup-directories-'));
  t.after(() => rmSync(base, { recursive: true }));
  return directoriesIn({ runtimeDirectory: join(base, 'run'), stateDirectory: join(base, 'state') });
}

test('directories are made for their user alone, and may be there already', (t) => {
  const directories = planned(t);
  makeDirectories(directories);
  makeDirectories(directories);
  for (const path of [directories.runtime, directories.state, directories.vfs, directories.partitions, directories.adapters]) {
    equal(statSync(path).mode & 0o777, 0o700);
  }
});

for (const mode of [0o720, 0o702]) {
  test(`a directory with mode ${mode.toString(8)} is refused`, (t) => {
    const directories = planned(t);
    makeDirectories(directories);
    chmodSync(directories.vfs, mode);
    throws(() => makeDirectories(directories), new RegExp(`Others may write to the directory ${directories.vfs}`));
  });
}

test('a directory that its group may read is taken: sockets have modes of their own', (t) => {
  const directories = planned(t);
  makeDirectories(directories);
  chmodSync(directories.partitions, 0o755);
  makeDirectories(directories);
});

test('a link in the place of a directory is refused', (t) => {
  const directories = planned(t);
  mkdirSync(directories.runtime);
  symlinkSync('/tmp', directories.vfs);
  throws(() => makeDirectories(directories), /belongs to another user, or is none/);
});

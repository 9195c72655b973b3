import { equal, throws } from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeSocketDirectory, planSocketDirectory, removeSocketDirectory, sweepSocketDirectories } from './socket-directory.ts';

let base: string;
const earlier = process.env['XDG_RUNTIME_DIR'];
before(() => {
  base = mkdtempSync(join(tmpdir(), 'gpup-test-'));
  process.env['XDG_RUNTIME_DIR'] = base;
});
after(() => {
  if (earlier === undefined) delete process.env['XDG_RUNTIME_DIR'];
  else process.env['XDG_RUNTIME_DIR'] = earlier;
  rmSync(base, { recursive: true });
});

test('the directory is ours alone, and goes with everything in it', () => {
  const directory = planSocketDirectory();
  makeSocketDirectory(directory);
  equal(statSync(directory.path).mode & 0o777, 0o700);
  equal(join(base, basename(directory.path)), directory.path);
  writeFileSync(directory.socketPath, '');
  removeSocketDirectory(directory);
  equal(existsSync(directory.path), false);
});

test('a sweep spares the directory of a process that lives', () => {
  const directory = planSocketDirectory();
  makeSocketDirectory(directory);
  sweepSocketDirectories();
  equal(existsSync(directory.path), true);
  removeSocketDirectory(directory);
});

/** The name of our own directory with one of its parts changed: pid namespace, pid, start time. */
function directoryWith(change: (parts: string[]) => void): string {
  const parts = basename(planSocketDirectory().path).split('-');
  change(parts);
  return join(base, parts.join('-'));
}

test('a sweep removes the directory of a process whose pid is used again', () => {
  const path = directoryWith((parts) => parts.splice(3, 1, String(Number(parts[3]) - 1)));
  mkdirSync(path);
  writeFileSync(join(path, 'host.sock'), '');
  sweepSocketDirectories();
  equal(existsSync(path), false);
});

test('a sweep spares the directory of a process in another pid namespace, which it cannot see', () => {
  const path = directoryWith((parts) => parts.splice(1, 1, '1'));
  mkdirSync(path);
  sweepSocketDirectories();
  equal(existsSync(path), true);
  rmSync(path, { recursive: true });
});

test('a sweep follows no link and removes nothing with another name', () => {
  const target = join(base, 'target');
  mkdirSync(target);
  const link = directoryWith((parts) => parts.splice(3, 1, '1'));
  symlinkSync(target, link);
  const other = join(base, 'gpup-notes');
  mkdirSync(other);
  sweepSocketDirectories();
  equal(existsSync(target), true);
  equal(existsSync(other), true);
  rmSync(link);
});

test('a directory that is there already is not taken over', () => {
  const directory = planSocketDirectory();
  mkdirSync(directory.path);
  throws(() => makeSocketDirectory(directory), { code: 'EEXIST' });
  rmSync(directory.path, { recursive: true });
});

test('a runtime directory whose sockets would have too long a path is passed over', () => {
  const long = join(base, 'x'.repeat(100));
  mkdirSync(long);
  process.env['XDG_RUNTIME_DIR'] = long;
  equal(planSocketDirectory().path.startsWith(long), false);
  process.env['XDG_RUNTIME_DIR'] = base;
});

import { equal } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { programIn } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'gpup-test-'));
after(() => rmSync(folder, { recursive: true }));

for (const name of ['a', 'b', 'c']) mkdirSync(join(folder, name, 'dist'), { recursive: true });

function write(path: string, changedS: number): void {
  writeFileSync(join(folder, path), '');
  utimesSync(join(folder, path), changedS, changedS);
}

const program = (): string => basename(programIn(join(folder, 'a/dist'), ['a', 'b']));

test('runs the modules where nothing was bundled', () => equal(program(), 'main.js'));

test('runs the bundle of an installation, where nothing is compiled', () => {
  write('a/dist/main.cjs', 100);
  equal(program(), 'main.cjs');
});

test('runs the modules while one of their packages is newer than the bundle', () => {
  write('a/dist/.tsbuildinfo', 99);
  write('b/dist/.tsbuildinfo', 100);
  write('c/dist/.tsbuildinfo', 200);
  equal(program(), 'main.cjs');
  write('b/dist/.tsbuildinfo', 101);
  equal(program(), 'main.js');
});

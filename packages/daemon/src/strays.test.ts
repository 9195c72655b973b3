import { deepEqual } from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeStrays } from './strays.ts';

test('files of what exists stay, those of what does not go, and what is no such file is let alone', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-test-'));
  const kept = ['a.page', 'a.page.new', 'a.sock', 'b.txt', 'sock'];
  for (const name of [...kept, 'b.sock', 'b.page', 'b.page.new', 'a.b.sock']) writeFileSync(join(directory, name), '');
  removeStrays(directory, new Set(['a']));
  deepEqual(readdirSync(directory).sort(), kept);
  rmSync(directory, { recursive: true });
});

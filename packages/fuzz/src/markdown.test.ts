import { equal } from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeSection } from './markdown.ts';

test('a section takes the place of the one that an earlier run wrote, and of nothing else', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-fuzz-'));
  try {
    const path = join(directory, 'page.md');
    writeFileSync(path, '# Page\n');
    writeSection(path, 'null', 'old');
    writeSection(path, 'dawn', 'other');
    const before = readFileSync(path, 'utf8');
    writeSection(path, 'null', 'new');
    equal(readFileSync(path, 'utf8'), before.replace('old', 'new'));
  } finally {
    rmSync(directory, { recursive: true });
  }
});

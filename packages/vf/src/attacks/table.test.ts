import { equal } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withTables } from './table.ts';

test("docs/hardening.md has the suite's attacks and the filter's rules (node packages/vf/dist/attacks/write-tables.js)", () => {
  const text = readFileSync(fileURLToPath(new URL('../../../../docs/hardening.md', import.meta.url)), 'utf8');
  equal(withTables(text), text);
});

import { deepEqual } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

test('the main entry reaches nothing of Node and no system call', () => {
  const foreign = new Set<string>();
  const seen = new Set<string>();
  const visit = (url: URL): void => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    for (const [, specifier = ''] of readFileSync(url, 'utf8').matchAll(/(?:from|import) ?\(?'([^']+)'/g)) {
      if (specifier.startsWith('.')) visit(new URL(specifier, url));
      else foreign.add(specifier);
    }
  };
  visit(new URL('./index.js', import.meta.url));
  deepEqual([...foreign], ['@gpup/base']);
});

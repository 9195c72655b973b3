import { deepEqual } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeRows, OUTCOMES } from './cells.ts';

const PACKAGES = fileURLToPath(new URL('../..', import.meta.url));

/** Faults of the links, whatever the packet: the targets for rings and streams come to them. */
const OF_THE_BUS: readonly string[] = ['packet-length', 'ring-index', 'reply-backlog'];

function sourcesOf(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return entry.name === 'testing' ? [] : sourcesOf(path);
    return entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts') ? [readFileSync(path, 'utf8')] : [];
  });
}

test('every code of a fault in the host is a column of the report', () => {
  const texts = ['vf', 'wire', 'bus'].flatMap((name) => sourcesOf(join(PACKAGES, name, 'src')));
  const codes = new Set(texts.flatMap((text) => [...text.matchAll(/new GuestFault\(\s*'([a-z-]+)'/g)].map((match) => match[1] as string)));
  deepEqual([...codes].filter((code) => !OUTCOMES.includes(code) && !OF_THE_BUS.includes(code)), []);
  deepEqual(OUTCOMES.slice(2).filter((outcome) => !codes.has(outcome)), []);
});

test('every cell is possible, or the report says why not', () => {
  for (const { possible, impossible } of makeRows()) {
    deepEqual(OUTCOMES.filter((outcome) => possible.has(outcome) === impossible.has(outcome)), []);
    for (const why of impossible.values()) deepEqual(why === '', false);
  }
});

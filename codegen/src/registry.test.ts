import { deepEqual, equal } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { generate } from './generate.ts';
import { brokenNumbers, type Registry } from './registry.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

test('generated files and the registry are what the IDL and the overlay give', () => {
  const stale = [...generate()].filter(([path, text]) => read(path) !== text).map(([path]) => path);
  deepEqual(stale, []);
});

for (const release of readdirSync(join(root, 'idl/releases'))) {
  test(`every number of release ${release} still stands`, () => {
    deepEqual(brokenNumbers(JSON.parse(read(`idl/releases/${release}`)) as Registry, JSON.parse(read('idl/registry.json')) as Registry), []);
  });
}

test('a changed, dropped or added number is told apart', () => {
  const release: Registry = { opcodes: { a: 1, b: 2 }, recorded: {}, replies: {}, enums: { E: { x: 1 } }, fields: {}, escapes: { e: 1 } };
  const next: Registry = { opcodes: { a: 1, b: 3, c: 4 }, recorded: {}, replies: {}, enums: { E: {} }, fields: {}, escapes: { e: 1, f: 2 } };
  deepEqual(brokenNumbers(release, next), ['registry.opcodes.b was 2, is 3', 'registry.enums.E.x was 1, is undefined']);
  equal(brokenNumbers(release, release).length, 0);
});

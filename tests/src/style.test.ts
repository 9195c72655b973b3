/** The house rules that a program can check: who may import whom, banned names, committed artefacts. */
import { deepEqual } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const sources = tracked.filter((file) => /\.(ts|mts|cts)$/.test(file) && !file.includes('/generated/'));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Dependencies point one way; what is not listed is forbidden. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  wire: ['base'],
  os: ['base'],
  sandbox: ['base', 'os'],
  vidmm: ['base', 'os'],
  vidsch: ['base'],
  bus: ['base', 'os'],
  umd: ['base', 'wire', 'bus'],
  guest: ['base', 'os', 'bus', 'umd', 'wire'],
  vf: ['base', 'os', 'bus', 'sandbox', 'vidmm', 'wire'],
  pf: ['base', 'os', 'sandbox', 'vf'],
  api: ['base', 'pf'],
  daemon: ['api', 'base', 'os', 'pf', 'sandbox', 'vidmm', 'vidsch'],
  cli: ['api', 'base', 'os', 'guest', 'pf', 'daemon', 'sandbox'],
  fuzz: ['base', 'os', 'bus', 'umd', 'vf', 'wire', 'guest', 'pf'],
};

function importsOf(file: string): string[] {
  return [...read(file).matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1] as string);
}

test('packages import only what lies below them', () => {
  const wrong: string[] = [];
  for (const file of sources) {
    const owner = /^packages\/([^/]+)\/src\//.exec(file)?.[1];
    if (owner === undefined || file.endsWith('.test.ts') || file.endsWith('.suite.ts')) continue;
    for (const specifier of importsOf(file)) {
      const target = /^@gpup\/([^/]+)/.exec(specifier)?.[1];
      if (target !== undefined && target !== owner && !MAY_IMPORT[owner]?.includes(target)) wrong.push(`${file} imports ${specifier}`);
      if (specifier.includes('../../') && /\.\.\/\.\.\/\w+\/(src|dist)/.test(specifier)) wrong.push(`${file} imports ${specifier}`);
    }
  }
  deepEqual(wrong, []);
});

test('the guest driver core and the wire use nothing of Node', () => {
  const wrong = sources
    .filter((file) => /^packages\/(umd|wire|base)\/src\//.test(file) && !file.endsWith('.test.ts'))
    .flatMap((file) => importsOf(file).filter((specifier) => /^(node:|koffi)/.test(specifier)).map((specifier) => `${file} imports ${specifier}`));
  deepEqual(wrong, []);
});

test("the API's client loads nothing of the host", () => {
  const wrong = sources
    .filter((file) => /^packages\/api\/src\/client\//.test(file) && !file.endsWith('.test.ts'))
    .flatMap((file) => [...read(file).matchAll(/^(?:import|export) (?!type)[^;]*?from '(@gpup\/[^']+)'/gm)].map((match) => `${file} loads ${match[1]}`));
  deepEqual(wrong, []);
});

test('no name says Manager, Helper, Util or Service', () => {
  const wrong = sources.flatMap((file) =>
    [...read(file).matchAll(/\b(?:class|function|interface|type|const)\s+(\w*(?:Manager|Helper|Utils?|Service))\b/g)].map((match) => `${file}: ${match[1]}`),
  );
  deepEqual(wrong, []);
});

test('no test is skipped, focused or left to do', () => {
  const wrong = sources.filter((file) => file.endsWith('.test.ts') && /\b(?:test|describe|it|t)\.(?:skip|only|todo)\(|\b(?:skip|todo)\b[,:]? (?:true|\})/.test(read(file)) && !file.endsWith('style.test.ts'));
  deepEqual(wrong, []);
});

test('the lock file names no registry host', () => {
  deepEqual([...read('package-lock.json').matchAll(/"resolved": "http[^"]*"/g)].map(String), []);
});

test('no tracked file holds a path of the machine it was written on', () => {
  const marks = [`/${'work'}/main`, `/${'work'}/shared`, `/${'tmp'}/probe`, `/${'work'}/design`];
  const wrong = tracked.filter((file) => /\.(ts|mjs|cjs|json|md|yaml|yml)$/.test(file)).filter((file) => marks.some((mark) => read(file).includes(mark)));
  deepEqual(wrong, []);
});

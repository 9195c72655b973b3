import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError, readOptions, usage } from './options.ts';

const KNOWN = ['a', 'b', 'c'];

test('without options everything is measured as often as it wants', () => {
  deepEqual(readOptions([], KNOWN), { names: KNOWN, runCount: undefined, jsonFile: undefined, svgFile: undefined, chromiumPath: undefined, age: 'steady' });
});

test('options are read', () => {
  deepEqual(readOptions(['--only', 'c,a', '--runs', '7', '--json', 'x.json', '--svg', 'x.svg', '--chromium', '/c', '--young'], KNOWN), {
    names: ['a', 'c'],
    runCount: 7,
    jsonFile: 'x.json',
    svgFile: 'x.svg',
    chromiumPath: '/c',
    age: 'young',
  });
});

for (const args of [['--svg'], ['--svg', '--runs', '1']]) {
  test(`(${args.join(' ')}) draws the documentation's picture`, () => equal(readOptions(args, KNOWN)?.svgFile, 'docs/performance.svg'));
}

for (const args of [['--runs', '0'], ['--runs', '101'], ['--runs', '1.5'], ['--runs', 'x'], ['--only', 'd'], ['--only', ''], ['--other'], ['name']]) {
  test(`refuses (${args.join(' ')})`, () => throws(() => readOptions(args, KNOWN), UsageError));
}

test('help names every workload', () => {
  equal(readOptions(['-h'], KNOWN), undefined);
  equal(usage(KNOWN).includes('a, b, c'), true);
});

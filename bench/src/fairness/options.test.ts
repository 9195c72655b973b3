import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../options.ts';
import { readFairnessOptions } from './options.ts';
import { SCENES } from './scenes/index.ts';

const EVERY_PART = SCENES.map(({ name }) => name);

test('another bench is none of it', () => {
  equal(readFairnessOptions([]), undefined);
  equal(readFairnessOptions(['--only', 'draw_same_fps', '--json', 'fairness']), undefined);
});

test('all parts, or those that are named, in the order of the table', () => {
  deepEqual(readFairnessOptions(['--only', 'fairness']), { parts: EVERY_PART, windowMs: 10_000, jsonFile: undefined, svgFile: undefined });
  deepEqual(readFairnessOptions(['--only=fairness-latency,fairness-fixed'])?.parts, ['fixed', 'latency']);
});

test('options are read', () => {
  deepEqual(readFairnessOptions(['--json', 'x.json', '--only', 'fairness-sum', '--window', '2.5', '--svg', 'x.svg']), { parts: ['sum'], windowMs: 2500, jsonFile: 'x.json', svgFile: 'x.svg' });
  equal(readFairnessOptions(['--only', 'fairness', '--svg'])?.svgFile, 'docs/scheduling.svg');
});

for (const seconds of ['0.1', '600']) {
  test(`a window of ${seconds} s is taken`, () => equal(readFairnessOptions(['--only', 'fairness', '--window', seconds])?.windowMs, Number(seconds) * 1000));
}

for (const args of [['--window', '0.09'], ['--window', '601'], ['--window', 'x'], ['--window', ''], ['--runs', '3'], ['--chromium', 'auto'], ['other']]) {
  test(`refuses (${args.join(' ')})`, () => throws(() => readFairnessOptions(['--only', 'fairness', ...args]), UsageError));
}

test('parts are not mixed with other figures', () => {
  throws(() => readFairnessOptions(['--only', 'fairness-fixed,draw_same_fps']), /draw_same_fps/);
  throws(() => readFairnessOptions(['--only', 'fairness-none']), /fairness-none/);
});

import { equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { picture } from './picture.ts';
import type { Result } from './result.ts';

const RESULT: Result = {
  name: 'draw_same_fps',
  unit: 'frames/s',
  better: 'higher',
  runs: 5,
  native: 50,
  nativeTuned: 100,
  gpup: 130,
  ratio: 2.6,
  ratioTuned: 1.3,
  interval: [1.2, 1.4],
  intervals: {},
  must: { against: 'tuned', must: 1.15, aim: 1.35 },
  isMustReached: true,
  failures: {},
  leftOut: {},
};

/** Where the filled dots (against tuned) are. */
const dots = (svg: string): number[] => [...svg.matchAll(/<circle cx="([\d.]+)" cy="[\d.]+" r="5" fill="#0969da"/g)].map((found) => Number(found[1])).filter((at) => at > 0);

test('a picture is one whole file that needs nothing else', () => {
  const svg = picture([RESULT], { machine: 'a <machine>' });
  match(svg, /^<svg xmlns="[^"]+" [^>]*>[\s\S]*<\/svg>\n$/);
  ok(svg.includes('a &lt;machine&gt;'));
  equal(/href|<script|<style|url\(/.test(svg), false);
  const tags = (pattern: RegExp): number => [...svg.matchAll(pattern)].length;
  equal(tags(/<(?:text|g|svg|title)\b/g), tags(/<\/(?:text|g|svg|title)>/g));
});

test('better is to the right, whichever way the figure goes', () => {
  const lower: Result = { ...RESULT, better: 'lower', ratioTuned: 1 / 1.3 };
  const [higherAt, lowerAt] = dots(picture([RESULT, lower], { machine: '' }));
  equal(higherAt, lowerAt);
  const [worseAt] = dots(picture([{ ...RESULT, ratioTuned: 0.7 }], { machine: '' }));
  ok((worseAt as number) < (higherAt as number));
});

test('a row without figures is drawn all the same', () => {
  const { ratio: _, ratioTuned: __, interval: ___, isMustReached: ____, ...bare } = RESULT;
  match(picture([bare], { machine: '' }), /draw_same_fps/);
});

import { equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { type Outcome, judged } from './outcome.ts';
import { picture } from './picture.ts';
import { formatOutcomes } from './report.ts';

const guest = (name: string, share: number, promised: number | null) => ({ guest: name, share, promised, submitCount: 10, heldPart: 0.55, turnCount: 7, alonePerSecond: 100 });
const OUTCOME: Outcome = {
  part: 'fixed',
  figures: [
    judged('points_off', 1.25, { unit: 'points', bar: { sign: '≤', limit: 2 } }),
    judged('jain', 0.98, { bar: { sign: '≥', limit: 0.99 } }),
    judged('sum', 0.9),
  ],
  groups: [{ title: 'two <guests>', guests: [guest('greedy', 0.6, 0.5), guest('simple', 0.4, null)] }],
  latencies: [
    { title: 'promised', latenciesMs: [1, 2, 30], longestSubmitMs: 51, boundMs: 66 },
    { title: 'nothing seen', latenciesMs: [], longestSubmitMs: 50, boundMs: null },
  ],
  driftPart: 0.031,
  othersPart: 0.5,
};

test('each bar has its verdict, each guest its share beside its promise', () => {
  const text = formatOutcomes([OUTCOME]);
  match(text, /^fixed +points_off +1\.25 points +≤ 2\.00 +reached$/m);
  match(text, /^fixed +jain +0\.9800 +≥ 0\.990 +not reached$/m);
  match(text, /^fixed +sum +0\.9000$/m);
  match(text, /^two <guests> +greedy +0\.6000 +0\.5000 +0\.5500 +7 +10 +100\.0$/m);
  match(text, /^two <guests> +simple +0\.4000 +nothing /m);
  match(text, /^promised +3 +2\.00 +30\.0 +30\.0 +30\.0 +51\.0 +66\.0$/m);
  match(text, /changed by 3\.1 % at most; others had up to 50\.0 %/);
});

test('a picture is one whole file that needs nothing else', () => {
  const svg = picture([OUTCOME], { machine: 'a <machine>' });
  match(svg, /^<svg xmlns="[^"]+" [^>]*>[\s\S]*<\/svg>\n$/);
  match(svg, /a &lt;machine&gt;/);
  match(svg, /two &lt;guests&gt;/);
  equal(/href|<script|<style|url\(|NaN|undefined/.test(svg), false);
  const tags = (pattern: RegExp): number => [...svg.matchAll(pattern)].length;
  equal(tags(/<(?:text|svg|title)\b/g), tags(/<\/(?:text|svg|title)>/g));
});

test('a bar is as high as its share, and its promise lies where such a share would end', () => {
  const svg = picture([{ ...OUTCOME, groups: [{ title: '', guests: [guest('a', 0.5, 0.5), guest('b', 0.25, 0.5)] }] }], { machine: '' });
  const [high, low] = [...svg.matchAll(/<rect x="[\d.]+" y="([\d.]+)" [^>]*height="([\d.]+)" fill="#54aeff"/g)].map(([, y, height]) => ({ y: Number(y), height: Number(height) })) as [{ y: number; height: number }, { y: number; height: number }];
  equal((high.height / 2).toFixed(0), low.height.toFixed(0));
  match(svg, new RegExp(`y1="${high.y.toFixed(1)}"`));
});

test('parts without guests or without frames are drawn all the same', () => {
  match(picture([{ ...OUTCOME, groups: [] }], { machine: '' }), /<path /);
  match(picture([{ ...OUTCOME, latencies: [] }], { machine: '' }), /<rect /);
  match(picture([], { machine: '' }), /<\/svg>/);
});

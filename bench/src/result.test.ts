import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { ContestantName } from './contestant.ts';
import { formatBar, formatFigure, formatResults, missingFigures } from './report.ts';
import { type WorkloadFace, resultOf } from './result.ts';
import type { Measured } from './schedule.ts';

/** Each contestant's figures, in the order of the alternations. */
function measured(figures: Partial<Record<ContestantName, readonly number[]>>, failures: Partial<Record<ContestantName, string>> = {}): Measured {
  const names = Object.keys(figures) as ContestantName[];
  const count = Math.max(...names.map((name) => figures[name]?.length ?? 0));
  const alternations = Array.from({ length: count }, (_, run) => new Map(names.map((name) => [name, figures[name]?.[run] as number])));
  return { alternations, failures: new Map(Object.entries(failures) as [ContestantName, string][]), leftOut: new Map(), adapters: new Map() };
}

const FPS: WorkloadFace = { name: 'draw_same_fps', unit: 'frames/s', better: 'higher' };
const CALLER: WorkloadFace = { name: 'draw_same_caller', unit: 'µs/frame', better: 'lower' };
const MAP: WorkloadFace = { name: 'map_p50', unit: 'µs', better: 'lower' };
const SUBMITS: WorkloadFace = { name: 'small_submit_rate', unit: 'submits/s', better: 'higher' };

test('a result has medians, ratios, and the interval of the ratio to tuned', () => {
  const result = resultOf(FPS, measured({ native: [70, 80, 90], tuned: [100, 100, 100], gpup: [110, 120, 130] }));
  deepEqual([result.native, result.nativeTuned, result.gpup, result.chromium], [80, 100, 120, undefined]);
  deepEqual([result.ratio, result.ratioTuned, result.ratioChromium], [1.5, 1.2, undefined]);
  deepEqual(result.interval, [1.1, 1.3]);
});

// Both sides of each bar.
for (const [face, native, tuned, gpup, isMustReached, isAimReached] of [
  [FPS, 1, 100, 114.9, false, false],
  [FPS, 1, 100, 115, true, false],
  [FPS, 1, 100, 135, true, true],
  [CALLER, 1000, 10, 50.1, false, false],
  [CALLER, 1000, 10, 50, true, false],
  [CALLER, 1000, 10, 33, true, true],
  [MAP, 5, 5, 80.1, false, false],
  [MAP, 5, 5, 80, true, false],
  [SUBMITS, 1000, 500, 899, false, false],
  [SUBMITS, 500, 1000, 900, true, false],
  [SUBMITS, 1000, 500, 1200, true, true],
] as const) {
  test(`${face.name}: ${gpup} beside ${native} and ${tuned} tuned ${isMustReached ? 'reaches' : 'misses'} the must and ${isAimReached ? 'reaches' : 'misses'} the aim`, () => {
    const result = resultOf(face, measured({ native: [native], tuned: [tuned], gpup: [gpup] }));
    deepEqual([result.isMustReached, result.isAimReached], [isMustReached, isAimReached]);
  });
}

test('where a Chromium is measured, it is a bar as well', () => {
  const beside = (chromium: number): boolean | undefined => resultOf(FPS, measured({ native: [50], tuned: [100], gpup: [120], chromium: [chromium] })).isMustReached;
  deepEqual([beside(119), beside(120), beside(121)], [true, true, false]);
});

test('a partition is held to what a guest has that owns the adapter whole', () => {
  const face: WorkloadFace = { name: 'partitioned_compute_bound', unit: 'GFLOP/s', better: 'higher' };
  const beside = (gpup: number) => resultOf(face, measured({ dda: [100], gpup: [gpup] }));
  deepEqual([beside(97.9).isMustReached, beside(98).isMustReached, beside(98).isAimReached, beside(100).isAimReached], [false, true, false, true]);
  deepEqual([beside(98).ratioDda, beside(98).interval, beside(98).ratioTuned], [0.98, [0.98, 0.98], undefined]);
  equal(/gpup\/dda .*\n.* 98\.0 +100\.0 +– +– +0\.980 .*≥ 0\.98× dda +must/.test(formatResults([beside(98)])), true, formatResults([beside(98)]));
});

test('one that failed has no figure, and no bar is judged without it', () => {
  const result = resultOf(FPS, measured({ native: [80], gpup: [120] }, { tuned: 'Its process ended (SIGSEGV).' }));
  deepEqual([result.nativeTuned, result.ratioTuned, result.interval, result.isMustReached], [undefined, undefined, undefined, undefined]);
  equal(result.ratio, 1.5);
  deepEqual(missingFigures([result]), ['draw_same_fps, tuned: Its process ended (SIGSEGV).']);
});

test('nothing is compared with nothing', () => {
  const result = resultOf({ name: 'idle_cpu', unit: '% of a core', better: 'lower' }, measured({ native: [0], tuned: [0], gpup: [0.04] }));
  deepEqual([result.ratio, result.ratioTuned, result.isMustReached], [undefined, undefined, true]);
});

test('the table says what is reached, and has a column for Chromium only with one', () => {
  const without = formatResults([resultOf(FPS, measured({ native: [80], tuned: [100], gpup: [100] }))]).split('\n');
  equal(without[0]?.includes('chromium'), false);
  equal(without[1]?.endsWith('≥ 1.15× tuned  NOT reached'), true);
  const beside = formatResults([resultOf(CALLER, measured({ native: [1000], tuned: [1000], gpup: [40], chromium: [200] }))]);
  equal(/gpup\/chromium/.test(beside) && /≤ 1\/20 native +must$/m.test(beside), true);
});

test('figures are written as people read them', () => {
  deepEqual([undefined, 0, 0.0421, 1.234, 12.34, 123.4, 12345.6].map(formatFigure), ['–', '0', '0.042', '1.23', '12.3', '123.4', '12,346']);
  deepEqual([formatBar({ against: 'native', must: 1 / 15, aim: 1 }, 'lower'), formatBar({ against: 'nothing', must: 80, aim: 1 }, 'lower')], ['≤ 1/15 native', '≤ 80.0']);
});

import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { SteadyMeasure } from './steady.ts';

/** A program whose rounds take `msPerScale` each; tells the scales it was asked for. */
function program(msPerScale: number): { readonly steady: SteadyMeasure; readonly scales: number[]; readonly nowMs: () => number } {
  let nowMs = 0;
  const scales: number[] = [];
  const measure = async (scale: number): Promise<number> => {
    scales.push(scale);
    nowMs += msPerScale * scale;
    return scale;
  };
  return { steady: new SteadyMeasure(measure, () => nowMs), scales, nowMs: () => nowMs };
}

test('a quick program is warmed for a while, and its figures are taken over rounds that last', async () => {
  const { steady, nowMs } = program(1);
  const scale = await steady.once();
  equal(scale >= 400 && scale < 800, true);
  equal(nowMs() >= 1500 + scale, true);
});

test('a slow program is measured by single rounds', async () => {
  const { steady, scales } = program(800);
  equal(await steady.once(), 1);
  deepEqual(scales, [1, 1, 1]);
});

test('it is warmed once', async () => {
  const { steady, scales } = program(500);
  await steady.once();
  const warmCount = scales.length;
  await steady.once();
  equal(scales.length, warmCount + 1);
});

test('a program that takes no time at all is not measured for ever', async () => {
  let reads = 0;
  const steady = new SteadyMeasure(async (scale) => scale, () => reads++ * 100);
  equal((await steady.once()) <= 4096, true);
});

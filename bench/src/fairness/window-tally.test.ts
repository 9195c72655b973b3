import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { WindowTally } from './window-tally.ts';

const WINDOW = { startUs: 0, fromUs: 1000, toUs: 5000 };
const tallied = (...ends: readonly (readonly [endedUs: number, gpuMs: number | undefined])[]) => {
  const tally = new WindowTally(WINDOW);
  for (const [endedUs, gpuMs] of ends) tally.finished({ beganUs: endedUs - 500, endedUs, gpuMs });
  return tally.figures;
};

test('what finishes in the window counts, on both of its edges', () => {
  deepEqual(tallied([999, undefined], [1000, undefined], [4999, undefined], [5000, undefined]), { submitCount: 2, latenciesMs: [0.5, 0.5] });
});

test('the longest submit is one of the window', () => {
  deepEqual(tallied([500, 9], [1500, 2], [2500, 3], [6000, 9]).longestSubmitMs, 3);
});

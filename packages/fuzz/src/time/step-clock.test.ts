import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { StepClock } from './step-clock.ts';

/** What a step of so much takes, by a clock whose limit is 100 ms. */
function excessOf({ wallMs, processorMs }: { readonly wallMs: number; readonly processorMs: number }): number | null {
  const now = { wallMs: 5000, processorMs: 70 };
  const clock = new StepClock({ wallMs: () => now.wallMs, processorMs: () => now.processorMs });
  clock.begin();
  now.wallMs += wallMs;
  now.processorMs += processorMs;
  return clock.excessMs(100);
}

test('a step within the limit is none too long', () => {
  equal(excessOf({ wallMs: 100, processorMs: 100 }), null);
});

test('a step that uses more of a processor than the limit is too long', () => {
  equal(excessOf({ wallMs: 200, processorMs: 110 }), 110);
});

test('a step that is kept waiting for a processor is not too long', () => {
  equal(excessOf({ wallMs: 60_000, processorMs: 90 }), null);
});

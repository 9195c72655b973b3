import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { Baseline, sharesOf } from './baseline.ts';
import type { Stage } from './stage.ts';

test('a share is what was done together, of what is done alone before and after', () => {
  const pace = (submitCount: number) => new Map([['a', { submitCount, windowMs: 2000 }]]);
  const figures = new Map([['a', { submitCount: 300, latenciesMs: [], heldMs: 5000, turnCount: 7 }]]);
  const [share] = sharesOf(figures, { windowMs: 10_000, alone: [pace(100), pace(140)], promised: () => 1 / 2 });
  deepEqual(share, { guest: 'a', share: 0.5, promised: 1 / 2, submitCount: 300, heldPart: 0.5, turnCount: 7, alonePerSecond: 60 });
});

/** A machine that is a tenth slower each time that anything is measured. */
function slowingStage(): { readonly stage: Stage; readonly told: string[] } {
  const told: string[] = [];
  let pace = 1000;
  const measured = (windowMs: number) => {
    pace *= 0.9;
    return new Map([['a', { submitCount: (pace * windowMs) / 1000, latenciesMs: [], heldMs: 0, turnCount: 0 }]]);
  };
  const stage = {
    timing: { windowMs: 8000, settleMs: 0 },
    schedule: async ({ policy }: { readonly policy: string }) => void told.push(policy),
    alone: async (windowMs: number) => measured(windowMs),
    together: async () => measured(8000),
  };
  return { stage: stage as unknown as Stage, told };
}

test('each thing lies between two measurements alone, which the next one shares', async () => {
  const { stage, told } = slowingStage();
  const baseline = new Baseline(stage, (what) => told.push(what));
  const shares: number[] = [];
  for (const title of ['one', 'two']) {
    const [guest] = await baseline.take({ title, scheduling: { policy: 'equal-share' }, promised: () => null });
    shares.push(Number(guest?.share.toFixed(3)));
  }
  const alone = ['each guest alone', 'best-effort'];
  deepEqual(told, [...alone, 'one', 'equal-share', ...alone, 'two', 'equal-share', ...alone]);
  // 0.9 of the mean of 1 and 0.81: a machine that goes on slowing down moves it by half a point, whenever it is taken.
  deepEqual(shares, [0.994, 0.994]);
  equal(baseline.driftPart.toFixed(2), '0.19');
});

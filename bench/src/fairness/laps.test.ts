import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { runLaps } from './laps.ts';
import { slowingStage } from './testing/slowing-stage.ts';

const LAPS = {
  names: ['a', 'b'],
  schedulings: [{ policy: 'equal-share', sliceMs: 30 }, { policy: 'equal-share', sliceMs: 10 }] as const,
  promised: () => 1 / 2,
  onStep: () => {},
};

test('pieces of everything take turns, each beside one of a guest alone, and all of a window has been measured after a lap', async () => {
  const { stage, told } = slowingStage(() => 1);
  await runLaps(stage, { ...LAPS, lapCount: 1 });
  deepEqual(told, [
    'a for 4000, slice 0', 'a+b for 4000, slice 30', 'a for 4000, slice 0', 'a+b for 4000, slice 10',
    'a+b for 4000, slice 10', 'b for 4000, slice 0', 'a+b for 4000, slice 30', 'b for 4000, slice 0',
  ]);
});

test('a machine that becomes slower all the time moves no sum', async () => {
  const { stage } = slowingStage((sliceMs) => (sliceMs === 30 ? 0.95 : 0.9));
  const { lapped, driftPart } = await runLaps(stage, { ...LAPS, lapCount: 3 });
  const sums = lapped.map(({ guests }) => guests.reduce((total, { share }) => total + share, 0));
  deepEqual(sums.map((each) => each.toFixed(2)), ['0.95', '0.90']);
  deepEqual(lapped.map(({ sums: each }) => each.map((one) => one.toFixed(2))), [['0.95', '0.95', '0.95'], ['0.90', '0.90', '0.90']]);
  // Two laps of eight pieces at a hundredth each.
  equal(driftPart.toFixed(2), '0.15');
});

test('what the host says is told beside what guests count', async () => {
  const { stage } = slowingStage(() => 1);
  const { lapped } = await runLaps(stage, { ...LAPS, lapCount: 2 });
  deepEqual(lapped[0]?.guests.map(({ guest, promised, heldPart, turnCount }) => ({ guest, promised, heldPart, turnCount })), ['a', 'b'].map((guest) => ({ guest, promised: 1 / 2, heldPart: 1 / 2, turnCount: 12 })));
});

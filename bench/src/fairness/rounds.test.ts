import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { runRounds } from './rounds.ts';
import { slowingStage } from './testing/slowing-stage.ts';

const SCHEDULING = { policy: 'fixed-share', sliceMs: 30 } as const;
const ROUNDS = {
  names: ['a', 'b'],
  takes: [{ scheduling: SCHEDULING, names: ['a', 'b'] }, { scheduling: SCHEDULING, names: ['b'] }],
  promised: (name: string) => (name === 'a' ? 3 / 4 : 1 / 4),
  onStep: () => {},
};

test('in each round everything has a piece of a window, each guest alone as well, and every other round goes back', async () => {
  const { stage, told } = slowingStage(() => 1);
  await runRounds(stage, ROUNDS);
  const there = ['a+b for 4000, slice 30', 'b for 4000, slice 30', 'a for 4000, slice 0', 'b for 4000, slice 0'];
  deepEqual(told, [...there, ...there.toReversed(), ...there, ...there.toReversed(), ...there, ...there.toReversed()]);
});

test('short windows are measured once, whole', async () => {
  const { stage, told } = slowingStage(() => 1, 500);
  const { rounded } = await runRounds(stage, ROUNDS);
  deepEqual(told, ['a+b for 500, slice 30', 'b for 500, slice 30', 'a for 500, slice 0', 'b for 500, slice 0']);
  equal(rounded[0]?.laps.length, 1);
});

test('a machine that becomes slower all the time moves no share by much, over all laps or in one', async () => {
  const { stage } = slowingStage(() => 0.9);
  const { rounded, driftPart } = await runRounds(stage, ROUNDS);
  const told = (shares: readonly { readonly guest: string; readonly share: number; readonly promised: number | null }[]) => shares.map(({ guest, share, promised }) => [guest, share.toFixed(2), promised]);
  const [both, one] = rounded;
  deepEqual(told(both?.guests ?? []), [['a', '0.45', 3 / 4], ['b', '0.45', 1 / 4]]);
  deepEqual(told(one?.guests ?? []), [['b', '1.00', 1 / 4]]);
  deepEqual(both?.laps.map(told).map((lap) => lap.map(([, share]) => Number(share).toFixed(1))), [['0.5', '0.5'], ['0.5', '0.5'], ['0.5', '0.5']]);
  // Two laps of eight pieces at a hundredth each.
  equal(driftPart.toFixed(2), '0.15');
});

test('what the host says is told beside what guests count', async () => {
  const { stage } = slowingStage(() => 1);
  const { rounded } = await runRounds(stage, ROUNDS);
  deepEqual(rounded[0]?.guests.map(({ heldPart, turnCount }) => ({ heldPart, turnCount })), [{ heldPart: 1 / 2, turnCount: 18 }, { heldPart: 1 / 2, turnCount: 18 }]);
});

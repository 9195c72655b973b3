import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { SchedulingRate } from './scheduling-rate.ts';

/** How many lines are taken of so many. */
function taken(count: number, take: () => boolean): number {
  return Array.from({ length: count }, take).filter((isTaken) => isTaken).length;
}

test('a VF that was given no turn may say nothing of turns', () => {
  equal(new SchedulingRate().takeTurn(), false);
});

for (const [turnCount, lineCount] of [[1, 3], [2, 6], [85, 255], [86, 256], [1000, 256]] as const) {
  test(`a VF that was given ${turnCount} turns and has said nothing may say ${lineCount} lines, and no more`, () => {
    const rate = new SchedulingRate();
    for (let i = 0; i < turnCount; i++) rate.turnGranted();
    equal(taken(lineCount, () => rate.takeTurn()), lineCount);
    equal(rate.takeTurn(), false);
  });
}

test('a VF that answers each turn in full is never one line above', () => {
  const rate = new SchedulingRate();
  for (let i = 0; i < 10_000; i++) {
    rate.turnGranted();
    equal(taken(3, () => rate.takeTurn()), 3);
  }
});

test('latency classes a second apart are taken for ever, also after a minute in which nobody listened', () => {
  const rate = new SchedulingRate();
  for (let second = 0; second < 10_000; second++) equal(rate.takeClass(second * 1000), true);
  equal(taken(60, () => rate.takeClass(10_060_000)), 60);
});

test('a flood of latency classes is not', () => {
  const rate = new SchedulingRate();
  equal(taken(1000, () => rate.takeClass(5_000)), 64);
  equal(rate.takeClass(5_799), false);
  equal(rate.takeClass(5_801), true);
});

/** An interactive partition's turns, out of order; and those of best-effort, which there are for its sake. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { OUT_OF_ORDER_US, SCHEDULER_LIMITS } from './limits.ts';
import type { SchedulingPolicy } from './policy.ts';
import { HALVES, NEVER, Rig, SLICE_US, finish, two } from './testing/rig.ts';

test('an interactive one interrupts another, and gives the adapter back when it has nothing to do', () => {
  const rig = two('equal-share', { interactive: ['b'], wants: [true, false] });
  // Whoever waits is preferred among equals.
  deepEqual(rig.open, [1]);
  finish(rig, 1);
  rig.pass(SLICE_US);
  deepEqual(rig.open, [1]);
  rig.pass(2_000);
  rig.say(2, 'turn-wanted');
  equal(rig.turnOf(1)?.untilUs, 0);
  deepEqual(rig.open, []);
  rig.say(1, 'turn-wanted');
  rig.say(1, 'turn-over');
  deepEqual([rig.open, rig.turnOf(2)?.yields], [[2], false]);
});

test('a turn out of order yields, and costs its switches', () => {
  const rig = new Rig('equal-share', { a: 0.3, b: 0.3, c: 0.3 }, ['c']);
  for (const [index, name] of ['a', 'b', 'c'].entries()) rig.begin(index + 1, name);
  for (const context of [1, 2]) rig.settle(context, { wants: true });
  rig.settle(3, { wants: false });
  finish(rig, 1);
  finish(rig, 2);
  rig.pass(SLICE_US);
  // a, b and the idle turn of c are over: all have had the same.
  deepEqual(rig.open, [1]);
  rig.pass(5_000);
  rig.say(3, 'turn-wanted');
  rig.settle(1, { wants: true });
  deepEqual([rig.open, rig.turnOf(3)?.yields], [[3], true]);
  rig.pass(1_000);
  rig.say(3, 'turn-idle');
  equal(rig.turnOf(3)?.untilUs, 0);
  rig.settle(3, { wants: false });
  deepEqual([rig.open, rig.scheduler.heldUs('c'), OUT_OF_ORDER_US > 0], [[2], 1_000, true]);
});

test('an interactive one that is ahead of its share by more than a slice waits in line', () => {
  const rig = two('equal-share', { interactive: ['b'] });
  for (let turn = 0; turn < 40; turn++) {
    finish(rig, rig.open[0] as number);
    const aheadUs = rig.scheduler.heldUs('b') - rig.scheduler.heldUs('a');
    ok(aheadUs <= 2 * SLICE_US, `It is ahead by ${aheadUs} us.`);
  }
});

test('under best-effort an interactive one makes turns of it while it wants the adapter, and nobody waits for one that is idle', () => {
  const rig = new Rig('best-effort', HALVES, ['b']);
  rig.begin(1, 'a');
  rig.begin(2, 'b');
  // Only the interactive one is told anything.
  deepEqual(rig.told.map(({ context }) => context), [2]);
  rig.settle(2, { wants: false });
  deepEqual(rig.wakeUs, NEVER);
  rig.say(2, 'turn-wanted');
  deepEqual([rig.turnOf(1)?.untilUs, rig.open], [0, []]);
  rig.settle(1, { wants: true });
  deepEqual([rig.open, rig.turnOf(2)?.yields], [[2], true]);
  rig.pass(1_000);
  rig.say(2, 'turn-idle');
  rig.settle(2, { wants: false });
  deepEqual([rig.open, rig.turnOf(1)?.yields], [[1], true]);
  // Nobody else wants it: it goes on after its time.
  finish(rig, 1);
  deepEqual(rig.open, [1]);
  rig.pass(3_000);
  rig.say(2, 'turn-wanted');
  equal(rig.turnOf(1)?.untilUs, 0);
});

test('a while after an interactive one has wanted the adapter everybody is free again', () => {
  const rig = new Rig('best-effort', HALVES, ['b']);
  rig.begin(1, 'a');
  rig.begin(2, 'b');
  rig.settle(2, { wants: true });
  rig.settle(1, { wants: true });
  deepEqual(rig.open, [2]);
  rig.say(2, 'turn-idle');
  rig.settle(2, { wants: false });
  rig.pass(SCHEDULER_LIMITS.calmUs - 1);
  equal(rig.turnOf(1) === undefined, false);
  rig.pass(1);
  deepEqual([rig.turnOf(1), rig.told.at(-1)], [undefined, { context: 1, turn: 'free' }]);
});

/** Context 1 holds the adapter with one long submit, and the interactive context 2 waits for it. */
function interactiveBehindALongSubmit(policy: SchedulingPolicy): Rig {
  const rig = new Rig(policy, HALVES, ['b']);
  rig.begin(1, 'a');
  rig.begin(2, 'b');
  rig.settle(2, { wants: true });
  rig.settle(1, { wants: true });
  while (!rig.open.includes(1)) finish(rig, 2, { wants: false });
  rig.say(2, 'turn-wanted');
  return rig;
}

test('an interactive one that waits for longer than others are quiet for has its turn all the same', () => {
  const rig = interactiveBehindALongSubmit('best-effort');
  for (let us = 0; us < 2 * SCHEDULER_LIMITS.calmUs; us += 100_000) {
    rig.pass(100_000);
    ok(rig.wakeUs > rig.nowUs, 'Nobody is woken in the past.');
  }
  deepEqual([rig.open, rig.scheduler.givesTurns], [[], true]);
  rig.settle(1, { wants: false });
  deepEqual(rig.open, [2]);
});

test('an interactive one that has waited for long has its turn also when the policy gives turns to nobody any more', () => {
  const rig = interactiveBehindALongSubmit('equal-share');
  rig.pass(2 * SCHEDULER_LIMITS.calmUs);
  rig.set('best-effort', HALVES, ['b']);
  rig.settle(1, { wants: false });
  deepEqual(rig.open, [2]);
});

test('an interactive one that holds its turn for longer than others are quiet for is waited for', () => {
  const rig = new Rig('best-effort', HALVES, ['b']);
  rig.begin(1, 'a');
  rig.begin(2, 'b');
  rig.settle(2, { wants: true });
  rig.settle(1, { wants: true });
  deepEqual(rig.open, [2]);
  for (let us = 0; us < 2 * SCHEDULER_LIMITS.calmUs; us += 100_000) rig.pass(100_000);
  deepEqual([rig.open, rig.scheduler.givesTurns, rig.turnOf(1)?.untilUs], [[], true, 0], 'nobody is let in beside what it has begun');
  rig.settle(2, { wants: false });
  deepEqual(rig.open, [1]);
});

for (const [restUs, isIn] of [[SCHEDULER_LIMITS.yieldedUsMin - 1, false], [SCHEDULER_LIMITS.yieldedUsMin, true]] as const) {
  test(`one that gives up turns at once and wants more ${isIn ? 'has the next one' : 'waits'} ${restUs} us after the last one began`, () => {
    const rig = new Rig('best-effort', HALVES, ['b']);
    rig.begin(1, 'a');
    rig.begin(2, 'b');
    rig.settle(1, { wants: false });
    rig.settle(2, { wants: true });
    rig.settle(1, { wants: false });
    deepEqual(rig.open, [2]);
    rig.pass(1);
    rig.settle(2, { wants: true });
    deepEqual(rig.open, []);
    ok(rig.wakeUs - rig.nowUs <= SCHEDULER_LIMITS.yieldedUsMin, 'It is woken then, and nobody has to say anything.');
    rig.pass(restUs - 1);
    deepEqual(rig.open, isIn ? [2] : []);
  });
}

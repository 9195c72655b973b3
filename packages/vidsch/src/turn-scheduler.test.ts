import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { SCHEDULER_LIMITS } from './limits.ts';
import { HALVES, NEVER, Rig, SLICE_US, finish, two } from './testing/rig.ts';

test('under best-effort nobody is told anything, and nobody is woken', () => {
  const rig = new Rig('best-effort', HALVES);
  rig.begin(1, 'a');
  rig.begin(2, 'b');
  deepEqual([rig.told, rig.wakeUs, rig.scheduler.givesTurns], [[], NEVER, false]);
});

test('one that runs alone under equal-share is told nothing; a second one makes turns of it, and its end frees the first', () => {
  const rig = new Rig('equal-share', HALVES);
  rig.begin(1, 'a');
  deepEqual([rig.told, rig.wakeUs], [[], NEVER]);
  rig.begin(2, 'b');
  deepEqual(rig.told.map(({ context, turn }) => [context, turn === 'free' ? turn : turn.untilUs]), [[1, 0], [2, 0]]);
  rig.end(2);
  deepEqual([rig.told.at(-1), rig.wakeUs], [{ context: 1, turn: 'free' }, NEVER]);
});

test('one that has all of it under fixed-share is told nothing, and one that has half of it has turns although it runs alone', () => {
  const all = new Rig('fixed-share', { a: 1 });
  all.begin(1, 'a');
  deepEqual(all.told, []);
  const half = new Rig('fixed-share', { a: 0.5 });
  half.begin(1, 'a');
  equal(half.told.length, 1);
});

test('two that want it take turns of a slice', () => {
  const rig = two('equal-share');
  const holders: number[] = [];
  for (let turn = 0; turn < 6; turn++) {
    const [holder] = rig.open;
    equal(rig.open.length, 1);
    equal((rig.turnOf(holder as number)?.untilUs ?? 0) - rig.nowUs, SLICE_US);
    holders.push(holder as number);
    finish(rig, holder as number);
  }
  deepEqual(holders, [1, 2, 1, 2, 1, 2]);
});

test('nobody is let in before the last one has finished, however late that is, and the time is charged to it', () => {
  const rig = two('equal-share');
  rig.pass(SLICE_US + 40_000);
  deepEqual(rig.open, []);
  rig.settle(1, { wants: true });
  deepEqual(rig.open, [2]);
  // Owed more than a slice, it has it in one turn: up to four slices.
  equal((rig.turnOf(2)?.untilUs ?? 0) - rig.nowUs, 4 * SLICE_US);
  finish(rig, 2);
  deepEqual(rig.open, [2]);
  finish(rig, 2);
  deepEqual([rig.open, rig.scheduler.heldUs('a'), rig.scheduler.heldUs('b')], [[1], 50_000, 50_000]);
});

test('one that has nothing to do has its turn, and begins at once when something comes in the middle of it', () => {
  const rig = two('equal-share', { wants: [false, true] });
  // Nobody had wanted anything until now: who wants is preferred among equals, and the idle one is next.
  deepEqual(rig.open, [2]);
  finish(rig, 2);
  deepEqual([rig.open, rig.wakeUs - rig.nowUs], [[], SLICE_US]);
  rig.pass(4_000);
  rig.say(1, 'turn-wanted');
  deepEqual([rig.open, (rig.turnOf(1)?.untilUs ?? 0) - rig.nowUs], [[1], 6_000]);
  finish(rig, 1, { wants: false });
  deepEqual([rig.open, rig.scheduler.heldUs('a')], [[2], 6_000]);
});

test('an idle turn that nobody uses ends by itself', () => {
  const rig = two('equal-share', { wants: [false, true] });
  finish(rig, 2);
  rig.pass(SLICE_US);
  deepEqual([rig.open, rig.scheduler.heldUs('a')], [[2], 0]);
});

test('where nobody wants anything nobody is woken, and what passes is nobody\'s credit', () => {
  const rig = two('equal-share', { wants: [false, false] });
  deepEqual([rig.open, rig.wakeUs], [[], NEVER]);
  rig.pass(60_000_000);
  rig.say(1, 'turn-wanted');
  finish(rig, 1);
  rig.say(2, 'turn-wanted');
  const holders: number[] = [];
  for (let turn = 0; turn < 6; turn++) {
    const holder = rig.open[0] ?? 0;
    holders.push(holder);
    if (holder === 0) rig.pass(SLICE_US);
    else finish(rig, holder);
  }
  deepEqual(holders.filter((holder) => holder === 1).length, 3);
});

test('the share that nobody has under fixed-share is used by nobody', () => {
  const rig = two('fixed-share', { shares: { a: 0.25, b: 0.25 } });
  let idleUs = 0;
  const beginUs = rig.nowUs;
  for (let turn = 0; turn < 40; turn++) {
    const [holder] = rig.open;
    if (holder !== undefined) finish(rig, holder);
    else {
      idleUs += rig.wakeUs - rig.nowUs;
      rig.pass(rig.wakeUs - rig.nowUs);
    }
  }
  ok(Math.abs(idleUs / (rig.nowUs - beginUs) - 0.5) < 0.05, `It was idle for ${idleUs} of ${rig.nowUs - beginUs} us.`);
});

test('one that was promised nothing under fixed-share gets nothing', () => {
  const rig = two('fixed-share', { shares: { a: 0, b: 0.5 } });
  for (let turn = 0; turn < 20; turn++) {
    ok(!rig.open.includes(1));
    const [holder] = rig.open;
    if (holder !== undefined) finish(rig, holder);
    else rig.pass(rig.wakeUs - rig.nowUs);
  }
});

test('the contexts of a partition share its turn, and it is over when the last of them has finished', () => {
  const rig = two('equal-share');
  rig.begin(3, 'a');
  rig.settle(3, { wants: true });
  deepEqual([rig.open, rig.turnOf(3)?.untilUs], [[1, 3], rig.turnOf(1)?.untilUs]);
  rig.pass(SLICE_US);
  rig.settle(1, { wants: true });
  deepEqual(rig.open, []);
  rig.settle(3, { wants: true });
  deepEqual(rig.open, [2]);
});

test('one that gives its turn up early does not get it back, and nobody else gets the rest', () => {
  const rig = two('equal-share');
  rig.pass(1_000);
  rig.settle(1, { wants: true });
  deepEqual(rig.open, []);
  rig.say(1, 'turn-wanted');
  deepEqual(rig.open, []);
  rig.pass(9_000);
  deepEqual(rig.open, [2]);
});

test('a holder that ends in the middle of its turn leaves the rest of it to its partition', () => {
  const rig = two('equal-share');
  rig.begin(3, 'a');
  rig.settle(3, { wants: false });
  rig.pass(2_000);
  rig.end(1);
  deepEqual(rig.open, []);
  rig.say(3, 'turn-wanted');
  deepEqual(rig.open, [3]);
});

test('a partition whose last context ends in the middle of its turn has none any more', () => {
  const rig = new Rig('equal-share', { a: 0.3, b: 0.3, c: 0.3 });
  for (const [index, name] of ['a', 'b', 'c'].entries()) rig.begin(index + 1, name);
  for (const context of [1, 2, 3]) rig.settle(context, { wants: true });
  rig.pass(2_000);
  rig.end(1);
  deepEqual(rig.open, [2]);
});

test('what is said of an earlier turn ends no later one', () => {
  const rig = two('equal-share');
  const { serial = 0 } = rig.turnOf(1) ?? {};
  finish(rig, 1);
  finish(rig, 2);
  deepEqual(rig.open, [1]);
  rig.pass(SLICE_US);
  for (const type of ['turn-over', 'turn-idle', 'turn-wanted'] as const) rig.scheduler.hear(1, { type, serial });
  deepEqual(rig.open, []);
  rig.settle(1, { wants: false });
  deepEqual(rig.open, [2]);
});

test('what comes from a context that is not there is passed over', () => {
  const rig = two('equal-share');
  const told = rig.told.length;
  rig.scheduler.hear(99, { type: 'turn-over', serial: 1 });
  rig.scheduler.contextEnded(99);
  equal(rig.told.length, told);
});

test('a context that comes while there are turns waits for its partition\'s', () => {
  const rig = two('equal-share');
  rig.begin(3, 'b');
  rig.settle(3, { wants: true });
  deepEqual(rig.open, [1]);
  finish(rig, 1);
  deepEqual(rig.open, [2, 3]);
});

test('one that does not finish what it had before there were turns keeps others waiting for a moment only', () => {
  const rig = new Rig('equal-share', HALVES);
  rig.begin(1, 'a');
  rig.begin(2, 'b');
  rig.settle(2, { wants: true });
  // It may be done and be inside of a compiler, which is looked at once.
  deepEqual([rig.open, rig.wakeUs - rig.nowUs], [[], SCHEDULER_LIMITS.silentUs]);
  rig.pass(SCHEDULER_LIMITS.silentUs);
  deepEqual([rig.open, rig.wakeUs - rig.nowUs], [[], SCHEDULER_LIMITS.emptyingUsMax - SCHEDULER_LIMITS.silentUs]);
  rig.pass(SCHEDULER_LIMITS.emptyingUsMax - SCHEDULER_LIMITS.silentUs);
  deepEqual(rig.open, [2]);
  for (let turn = 0; turn < 5; turn++) finish(rig, 2);
  // It is charged for all of that time: the other one is owed what it has waited, and the rest of its turn.
  rig.settle(1, { wants: true });
  const beforeUs = rig.scheduler.heldUs('b');
  while (rig.open.includes(2)) finish(rig, 2);
  const owedUs = rig.scheduler.heldUs('b') - beforeUs;
  ok(Math.abs(owedUs - SCHEDULER_LIMITS.emptyingUsMax) <= SLICE_US, `The other one has ${owedUs} us first.`);
});

test('one that is inside of a compiler when turns begin, with nothing on the adapter, is neither waited for nor charged', () => {
  const rig = new Rig('equal-share', HALVES);
  rig.begin(1, 'a');
  rig.begin(2, 'b');
  rig.begin(3, 'a');
  rig.signs.set(1, 'finished');
  for (const context of [2, 3]) rig.settle(context, { wants: true });
  deepEqual([rig.open, rig.wakeUs - rig.nowUs], [[], SCHEDULER_LIMITS.silentUs]);
  rig.pass(SCHEDULER_LIMITS.silentUs);
  // The other context of its partition has its turns, though the compiler does not return.
  const holders: number[] = [];
  for (let turn = 0; turn < 6; turn++) {
    const [holder] = rig.open as [number];
    holders.push(holder);
    finish(rig, holder);
  }
  deepEqual(holders.sort(), [2, 2, 2, 3, 3, 3]);
  // Out of there, it has them as well.
  rig.settle(1, { wants: true });
  for (let turn = 0; turn < 4 && !rig.open.includes(1); turn++) finish(rig, rig.open[0] as number);
  ok(rig.open.includes(1));
});

/** Whose turn it is until the other contexts of a have one again. */
function waitedUs(rig: Rig): number {
  const beganUs = rig.nowUs;
  while (!rig.open.includes(3)) finish(rig, rig.open[0] as number);
  return rig.nowUs - beganUs;
}

/** Contexts 1 and 3 of a partition with a sixteenth hold the adapter; after so long 1 has not finished. */
function holding(us: number): Rig {
  const rig = new Rig('fixed-share', { a: 1 / 16, b: 15 / 16 });
  for (const [context, partition] of [[1, 'a'], [2, 'b'], [3, 'a']] as const) rig.begin(context, partition);
  for (const context of [1, 2, 3]) rig.settle(context, { wants: true });
  while (!rig.open.includes(1)) finish(rig, 2);
  for (const untilUs = rig.nowUs + us; rig.nowUs < untilUs; rig.scheduler.wake()) rig.pass(100_000);
  return rig;
}

function holdingAlone(us: number): Rig {
  const rig = holding(us);
  rig.settle(3, { wants: true });
  return rig;
}

test('what is owed with a small share is told, and paid back by all of it, however the one ended that has taken it', () => {
  const rig = holdingAlone(20_000_000);
  rig.scheduler.look(() => 0);
  deepEqual(rig.ousted, [1]);
  rig.end(1);
  const owedUs = rig.scheduler.owedUs('a');
  ok(Math.abs(owedUs - 20_000_000) <= 200_000, `It owes ${owedUs} us.`);
  equal(rig.scheduler.owedUs('b'), 0);
  ok(Math.abs(waitedUs(rig) - 15 * owedUs) <= 300_000);
  ok(rig.scheduler.owedUs('a') <= 4 * SLICE_US);
});

test('one that has ended before it is looked at is charged for what it held', () => {
  const rig = new Rig('equal-share', HALVES);
  rig.begin(1, 'a');
  rig.begin(2, 'b');
  rig.begin(3, 'a');
  for (const context of [2, 3]) rig.settle(context, { wants: true });
  rig.signs.set(1, 'finished');
  // The host stands still for longer than until the look, and hears of the end first.
  rig.nowUs += 400_000;
  rig.end(1);
  const heldUs = rig.scheduler.owedUs('a');
  ok(heldUs >= 300_000, `It owes ${heldUs} us.`);
});

test('who goes in debt and comes again is still in debt', () => {
  const rig = two('equal-share');
  rig.begin(3, 'c');
  rig.settle(3, { wants: false });
  rig.pass(SLICE_US + 100_000);
  rig.end(1);
  rig.begin(4, 'a');
  rig.settle(4, { wants: true });
  for (let turn = 0; turn < 4; turn++) {
    ok(!rig.open.includes(4));
    if (rig.open.includes(2)) finish(rig, 2);
    else rig.pass(rig.wakeUs - rig.nowUs);
  }
});

for (const [what, beyondUs, isOusted] of [['as long as it may', 2_000_000, false], ['a microsecond longer than it may', 2_000_001, true]] as const) {
  test(`a VF that holds the adapter beyond its turn for ${what} is ${isOusted ? '' : 'not '}ousted`, () => {
    const rig = two('equal-share');
    rig.scheduler.look(() => 2_000_000);
    rig.nowUs += SLICE_US;
    for (let leftUs = beyondUs; leftUs > 0; leftUs -= 250_000) {
      rig.nowUs += Math.min(leftUs, 250_000);
      rig.scheduler.look(() => 2_000_000);
    }
    deepEqual([rig.ousted, rig.open], isOusted ? [[1], [2]] : [[], []]);
    // Nobody hears of it any more.
    rig.say(1, 'turn-over');
    rig.end(1);
  });
}

test('nobody is blamed for a host that stood still', () => {
  const rig = two('equal-share');
  rig.scheduler.look(() => 2_000_000);
  rig.nowUs += 3_600_000_000;
  rig.scheduler.look(() => 2_000_000);
  deepEqual(rig.ousted, []);
  rig.settle(1, { wants: true });
  deepEqual(rig.open, [2]);
});

test('a VF that is inside of a long command, with nothing unfinished, keeps others waiting for a moment only', () => {
  const rig = two('equal-share');
  rig.signs.set(1, 'finished');
  rig.pass(SLICE_US + SCHEDULER_LIMITS.silentUs - 1);
  deepEqual(rig.open, []);
  rig.pass(1);
  deepEqual(rig.open, [2]);
  // It comes again when it has heard that its turn is over.
  for (let turn = 0; turn < 2; turn++) finish(rig, 2);
  deepEqual([rig.open, rig.wakeUs - rig.nowUs], [[], SLICE_US]);
  rig.settle(1, { wants: true });
  deepEqual(rig.open, [1]);
});

test('one that was told to stop is looked at when its time is up by its own clock, not before', () => {
  const rig = two('equal-share', { interactive: ['b'], wants: [true, false] });
  finish(rig, 1);
  rig.pass(SLICE_US);
  rig.signs.set(1, 'finished');
  rig.say(2, 'turn-wanted');
  rig.pass(SLICE_US + SCHEDULER_LIMITS.silentUs - 1);
  deepEqual(rig.open, []);
  rig.pass(1);
  deepEqual(rig.open, [2]);
});

test('one that is inside of a command for long has no turn before it has finished, and is charged until then', () => {
  const rig = two('equal-share');
  rig.begin(3, 'a');
  rig.settle(3, { wants: false });
  rig.pass(SLICE_US + SCHEDULER_LIMITS.silentUs);
  equal(rig.open.length, 0);
  equal(rig.wakeUs - rig.nowUs, SCHEDULER_LIMITS.silentAgainUs);
  rig.signs.set(1, 'unaware');
  rig.pass(SCHEDULER_LIMITS.silentAgainUs);
  rig.say(3, 'turn-wanted');
  for (let turn = 0; turn < 5; turn++) {
    ok(rig.open.includes(2));
    finish(rig, 2);
  }
  rig.settle(1, { wants: true });
  finish(rig, 2);
  deepEqual(rig.open.length > 0, true);
});

test('one that was promised nothing gets nothing also beside one that was promised all, which has no turns to wait for without it', () => {
  const rig = new Rig('fixed-share', { a: 0, b: 1 });
  rig.begin(2, 'b');
  deepEqual(rig.told, []);
  rig.begin(1, 'a');
  for (const context of [1, 2]) rig.settle(context, { wants: true });
  for (let turn = 0; turn < 5; turn++) {
    deepEqual(rig.open, [2]);
    finish(rig, 2);
  }
  rig.end(1);
  equal(rig.turnOf(2), undefined);
});

test('what was to be finished when there were no turns any more is not charged for when there are some again', () => {
  const rig = new Rig('equal-share', HALVES);
  rig.begin(1, 'a');
  rig.begin(2, 'b');
  rig.settle(2, { wants: true });
  rig.set('best-effort', HALVES);
  rig.pass(3_600_000_000);
  rig.set('equal-share', HALVES);
  for (const context of [1, 2]) rig.settle(context, { wants: true });
  const holders: number[] = [];
  for (let turn = 0; turn < 4; turn++) {
    holders.push(rig.open[0] as number);
    finish(rig, rig.open[0] as number);
  }
  deepEqual(holders, [1, 2, 1, 2]);
});

/** As a host does that does not stand still. */
function passLooking(rig: Rig, us: number): void {
  for (let leftUs = us; leftUs > 0; leftUs -= 250_000) {
    rig.pass(Math.min(leftUs, 250_000));
    rig.scheduler.look(() => Number.POSITIVE_INFINITY);
  }
}

test('a context that never says that it has finished keeps the others of its partition waiting for a while only', () => {
  const rig = new Rig('equal-share', HALVES);
  for (const [context, name] of [[1, 'a'], [2, 'b'], [3, 'a']] as const) rig.begin(context, name);
  rig.settle(2, { wants: false });
  rig.settle(3, { wants: true });
  passLooking(rig, SCHEDULER_LIMITS.unfinishedUsMax - 1);
  deepEqual(rig.open, []);
  equal(rig.wakeUs - rig.nowUs, 1);
  rig.pass(1);
  // It is charged for the moment in which turns waited for it.
  for (let turn = 0; turn < 20 && rig.open.length === 0; turn++) rig.pass(rig.wakeUs - rig.nowUs);
  deepEqual(rig.open, [3]);
});

for (const [what, wants] of [['whose turn it was', true], ['that had nothing to do in its turn', false]] as const) {
  test(`one ${what} is not charged for the time in which the host stood still`, () => {
    const rig = two('equal-share', { wants: [true, wants] });
    finish(rig, 1);
    equal(rig.open.includes(2), wants);
    rig.pass(3_600_000_000);
    rig.say(2, 'turn-wanted');
    rig.settle(2, { wants: true });
    const beforeUs = rig.scheduler.heldUs('a');
    for (let turn = 0; turn < 200 && rig.open.includes(1); turn++) finish(rig, 1);
    const firstUs = rig.scheduler.heldUs('a') - beforeUs;
    ok(firstUs <= SCHEDULER_LIMITS.lookUsMax + 2 * SLICE_US, `The other one has ${firstUs} us first.`);
    ok(rig.open.includes(2));
  });
}

for (const from of ['best-effort', 'equal-share', 'fixed-share'] as const) {
  for (const to of ['best-effort', 'equal-share', 'fixed-share'] as const) {
    test(`from ${from} to ${to} in the middle of everything`, () => {
      const rig = two(from);
      rig.pass(1_000);
      rig.set(to, HALVES);
      if (to === 'best-effort') {
        deepEqual([rig.turnOf(1), rig.turnOf(2), rig.wakeUs], [undefined, undefined, NEVER]);
        return;
      }
      if (from === 'best-effort') for (const context of [1, 2]) rig.settle(context, { wants: true });
      const holders: number[] = [];
      for (let turn = 0; turn < 4; turn++) {
        holders.push(rig.open[0] as number);
        finish(rig, rig.open[0] as number);
      }
      deepEqual(holders, [1, 2, 1, 2]);
    });
  }
}

test('a partition that is gone is forgotten, and one of its name begins anew', () => {
  const rig = two('equal-share');
  finish(rig, 1);
  rig.end(1);
  rig.set('equal-share', { b: 0.5 });
  rig.set('equal-share', HALVES);
  equal(rig.scheduler.heldUs('a'), 0);
});

import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { Random, seeds } from '@gpup/base/testing';
import { NO_TDRS, TDR_COUNT_DEFAULTS, blockedReason, countTdr } from './tdr-count.ts';

const { limitCount, limitTimeMs } = TDR_COUNT_DEFAULTS;

/** Whether the last of these timeouts blocks. */
function blocks(timesMs: readonly number[], limits = TDR_COUNT_DEFAULTS): boolean {
  return timesMs.reduce((counted, timeMs) => countTdr(counted.times, timeMs, limits), { times: NO_TDRS, blocks: false }).blocks;
}

test('five in a minute are borne, the sixth blocks', () => {
  const five = [0, 1, 2, 3, 4];
  for (const count of [1, 2, 3, 4, 5]) equal(blocks(five.slice(0, count)), false);
  equal(blocks([...five, 5]), true);
});

test('one that is exactly as old as the time counts, one that is older does not', () => {
  const five = [0, 10, 20, 30, 40];
  equal(blocks([...five, limitTimeMs]), true);
  equal(blocks([...five, limitTimeMs + 1]), false);
  // The first has left, so that the next one is the fifth again, and the one after it the sixth.
  equal(blocks([...five, limitTimeMs + 1, limitTimeMs + 10]), true);
  equal(blocks([...five, limitTimeMs + 1, limitTimeMs + 11]), false);
});

test('unblocking starts anew', () => {
  equal(countTdr(NO_TDRS, 6, TDR_COUNT_DEFAULTS).blocks, false);
});

test('where none is borne the first one blocks', () => equal(blocks([0], { limitCount: 0, limitTimeMs }), true));

test('what is kept is plain data and bounded', () => {
  let times = NO_TDRS;
  for (let timeMs = 0; timeMs < 1_000; timeMs++) times = countTdr(JSON.parse(JSON.stringify(times)), timeMs, TDR_COUNT_DEFAULTS).times;
  deepEqual(times, [994, 995, 996, 997, 998, 999]);
});

for (const seed of seeds(7, 2026)) {
  test(`agrees with counting all that ever were, seed ${seed}`, () => {
    const random = new Random(seed);
    const all: number[] = [];
    let times = NO_TDRS;
    let timeMs = 0;
    for (let round = 0; round < 5_000; round++) {
      timeMs += random.below(25_000);
      all.push(timeMs);
      const counted = countTdr(times, timeMs, TDR_COUNT_DEFAULTS);
      equal(counted.blocks, all.filter((other) => timeMs - other <= limitTimeMs).length > limitCount);
      times = counted.times;
    }
  });
}

test('the reason names both limits', () => match(blockedReason(TDR_COUNT_DEFAULTS), /5 timeouts within 60 s/));

import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { Garbage } from './garbage.ts';

const COUNT_MAX = 8192;

/** Collections take `costMs` of a clock that otherwise stands still. */
function collected(costMs: number) {
  const clock = { nowMs: 0, collections: 0, told: 0 };
  const garbage = new Garbage({
    collect: (done) => {
      clock.collections++;
      clock.nowMs += costMs;
      done();
    },
    collected: () => { clock.told++; },
    nowMs: () => clock.nowMs,
  });
  return { clock, garbage };
}

test('nothing is collected up to the limit, and something beyond it', () => {
  const { clock, garbage } = collected(1);
  garbage.add(COUNT_MAX, 0);
  equal(clock.collections, 0);
  garbage.add(1, 0);
  equal(clock.collections, 1);
  equal(clock.told, 1);
});

test('bytes count as objects do', () => {
  const { clock, garbage } = collected(1);
  garbage.add(1, 64 * 2 ** 20);
  equal(clock.collections, 0);
  garbage.add(1, 1);
  equal(clock.collections, 1);
});

test('collections that take long are rare, until memory is urgent', () => {
  const { clock, garbage } = collected(100);
  garbage.add(COUNT_MAX + 1, 0);
  garbage.add(COUNT_MAX + 1, 0);
  equal(clock.collections, 1, 'the last one took 100 ms, so 2 s have to pass');
  clock.nowMs += 2000;
  garbage.add(1, 0);
  equal(clock.collections, 2);
  garbage.add(4 * COUNT_MAX, 0);
  equal(clock.collections, 2);
  garbage.add(1, 0);
  equal(clock.collections, 3, 'four times the limit cannot wait');
});

test('without a collector nothing happens', () => {
  new Garbage({ collect: null, collected: () => {}, nowMs: () => 0 }).add(10 * COUNT_MAX, 0);
});

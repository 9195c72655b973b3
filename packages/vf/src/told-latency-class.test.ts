import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { LatencyClass } from '@gpup/wire/enums';
import { ToldLatencyClass } from './told-latency-class.ts';

function setUp() {
  const clock = { nowMs: 5000 };
  const said: (readonly [number, LatencyClass])[] = [];
  const due: { atMs: number; then: () => void }[] = [];
  const told = new ToldLatencyClass({
    say: (value) => said.push([clock.nowMs, value]),
    after: (ms, then) => due.push({ atMs: clock.nowMs + ms, then }),
    nowMs: () => clock.nowMs,
  });
  const pass = (ms: number): void => {
    clock.nowMs += ms;
    const { length } = due;
    for (const { atMs, then } of due.splice(0, length)) if (atMs <= clock.nowMs) then(); else due.push({ atMs, then });
  };
  return { told, said, due, pass };
}

test('a guest that says what it is taken for is not reported', () => {
  const { told, said } = setUp();
  told.set('throughput');
  told.hostChanged();
  deepEqual(said, []);
});

test('a change is told at once', () => {
  const { told, said } = setUp();
  told.set('interactive');
  told.set('interactive');
  deepEqual(said, [[5000, 'interactive']]);
});

for (const [ms, count] of [[999, 1], [1000, 2]] as const) {
  test(`a second change ${ms} ms later is ${count === 1 ? 'not told yet' : 'told at once'}`, () => {
    const { told, said, pass } = setUp();
    told.set('interactive');
    pass(ms);
    told.set('throughput');
    equal(said.length, count);
    pass(1);
    deepEqual(said[1], [6000, 'throughput']);
  });
}

test('a guest that changes all the time is told of once a second, and by its last word', () => {
  const { told, said, due, pass } = setUp();
  for (let i = 0; i <= 100_000; i++) {
    told.set(i % 2 === 0 ? 'interactive' : 'throughput');
    pass(0.1);
    equal(due.length <= 1, true);
  }
  equal(said.length <= 11, true, `${said.length} lines in 10 s`);
  pass(1000);
  equal(said.at(-1)?.[1], 'interactive');
});

test('a change back before it was told is none', () => {
  const { told, said, pass } = setUp();
  for (const value of ['interactive', 'throughput', 'interactive'] as const) told.set(value);
  pass(2000);
  deepEqual(said, [[5000, 'interactive']]);
});

test('a new host is told', () => {
  const { told, said, pass } = setUp();
  told.set('interactive');
  pass(5000);
  told.hostChanged();
  deepEqual(said, [[5000, 'interactive'], [10_000, 'interactive']]);
});

import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import type { SchedulingLine } from './boot/control-line.ts';
import { TurnGate, type TurnHost } from './turn-gate.ts';

/** The processor's clock starts at some time, and the monotonic one is ahead of it. */
const CLOCK_OFFSET_MS = 1_000_000;

/** A gate, its clock and alarm, and work that finishes when the test says so. */
function setUp() {
  const clock = { nowMs: 100 };
  const said: string[] = [];
  const flow: string[] = [];
  const alarm = { atMs: Number.POSITIVE_INFINITY, ring: (): void => {}, setCount: 0 };
  const awaited: boolean[] = [];
  const work = { unfinishedCount: 0, idleSinceMs: 0, submitMs: Number.POSITIVE_INFINITY, remainingMs: (): number => work.unfinishedCount * work.submitMs };
  const host: TurnHost = {
    say: (line: SchedulingLine) => said.push(`${line.type} ${'serial' in line ? line.serial : line.value} at ${clock.nowMs}`),
    wakeAt: (atMs, then) => {
      alarm.atMs = atMs;
      alarm.ring = then;
      alarm.setCount++;
    },
    awaitEnd: (isAwaited) => awaited.push(isAwaited),
    clockOffsetMs: CLOCK_OFFSET_MS,
    after: () => {},
  };
  const gate = new TurnGate({
    host,
    work,
    pause: () => flow.push('pause'),
    resume: () => flow.push('resume'),
    execute: (submit) => submit(),
    nowMs: () => clock.nowMs,
  });
  const execute = (): void => {
    work.unfinishedCount++;
    flow.push(`submit at ${clock.nowMs}`);
  };
  return {
    gate, work, said, flow, alarm, awaited, clock,
    /** As the handler of the packet does. */
    submit: (): void => {
      if (gate.isFree || gate.admits()) execute();
      else gate.keep(execute);
    },
    finish: (count = 1): void => {
      work.unfinishedCount -= count;
      if (work.unfinishedCount === 0) work.idleSinceMs = clock.nowMs;
      gate.progressed();
    },
    grant: (serial: number, ms: number | null, yields = false): void =>
      gate.grant({ serial, untilUs: ms === null ? 0 : (clock.nowMs + ms + CLOCK_OFFSET_MS) * 1000, yields }),
    /** Time passes, and alarms come in it. */
    pass: (ms: number): void => {
      const endMs = clock.nowMs + ms;
      while (alarm.atMs <= endMs) {
        clock.nowMs = Math.max(clock.nowMs, alarm.atMs);
        alarm.atMs = Number.POSITIVE_INFINITY;
        alarm.ring();
      }
      clock.nowMs = endMs;
    },
  };
}

test('a gate is free until it is told of a turn: nothing waits, nothing is said, nobody is woken', () => {
  const { gate, said, flow, alarm, awaited, submit, finish, pass } = setUp();
  equal(gate.isFree, true);
  for (let i = 0; i < 100; i++) submit();
  finish(100);
  pass(1000);
  gate.free();
  deepEqual(flow, Array(100).fill('submit at 100'));
  deepEqual([said, alarm.setCount, awaited], [[], 0, []]);
});

test('outside of a turn a submit is kept and the guest is not read; in the turn it comes first', () => {
  const { said, flow, grant, submit, pass } = setUp();
  grant(1, null);
  deepEqual(said, ['turn-over 1 at 100'], 'it has nothing unfinished');
  pass(5);
  submit();
  deepEqual(flow, ['pause']);
  deepEqual(said.slice(1), ['turn-wanted 1 at 105']);
  pass(5);
  grant(2, 10);
  deepEqual(flow, ['pause', 'submit at 110', 'resume']);
  deepEqual(said.length, 2);
});

for (const [ms, isIn] of [[9.999, true], [10, false]] as const) {
  test(`a submit that comes ${ms} ms after the beginning of a turn of 10 ms ${isIn ? 'is in' : 'waits'}`, () => {
    const { flow, grant, submit, pass } = setUp();
    grant(1, 10);
    pass(ms);
    submit();
    equal(flow[0], isIn ? `submit at ${100 + ms}` : 'pause');
  });
}

test('a turn is over when its time is, if there is nothing unfinished', () => {
  const { said, grant, pass } = setUp();
  grant(1, 10);
  pass(9.999);
  deepEqual(said, []);
  pass(0.001);
  deepEqual(said, ['turn-over 1 at 110']);
  pass(100);
  equal(said.length, 1, 'and that is said once');
});

test('a turn that comes too late is over at once', () => {
  const { said, flow, grant, submit } = setUp();
  grant(1, null);
  submit();
  grant(2, -1);
  deepEqual(said.slice(2), ['turn-wanted 2 at 100', 'turn-over 2 at 100'], 'what waits is told before the end');
  deepEqual(flow, ['pause']);
});

test('a turn whose work takes longer is over when that has finished', () => {
  const { said, awaited, grant, submit, finish, pass } = setUp();
  grant(1, 10);
  submit();
  pass(9);
  deepEqual(awaited, []);
  pass(1);
  deepEqual(awaited, [true], 'from its end on others wait');
  pass(25);
  deepEqual(said, []);
  finish();
  deepEqual(said, ['turn-over 1 at 135']);
  deepEqual(awaited, [true, false]);
});

test('a turn that is taken back admits nothing more, and is over when its work has finished', () => {
  const { said, flow, grant, submit, finish, pass } = setUp();
  grant(1, 10);
  submit();
  pass(1);
  grant(1, null);
  submit();
  deepEqual(said, ['turn-wanted 1 at 101']);
  pass(3);
  finish();
  deepEqual(said, ['turn-wanted 1 at 101', 'turn-over 1 at 104']);
  deepEqual(flow, ['submit at 100', 'pause']);
});

test('where nothing is known of the length of submits there is one at a time', () => {
  const { flow, awaited, grant, submit, finish, pass } = setUp();
  grant(1, 10);
  submit();
  submit();
  deepEqual(flow, ['submit at 100', 'pause']);
  deepEqual(awaited, [true]);
  pass(2);
  finish();
  deepEqual(flow, ['submit at 100', 'pause', 'submit at 102', 'resume']);
  deepEqual(awaited, [true, false]);
});

for (const [unfinishedCount, submitMs, isIn] of [[0, 50, true], [1, 9.99, true], [1, 10, false], [4, 2.49, true], [4, 2.5, false], [63, 0, true]] as const) {
  test(`with ${unfinishedCount} submits of ${submitMs} ms before it and 10 ms left, a submit ${isIn ? 'is in' : 'waits'}`, () => {
    const { work, flow, grant, submit } = setUp();
    grant(1, 10);
    Object.assign(work, { unfinishedCount, submitMs });
    submit();
    equal(flow[0], isIn ? 'submit at 100' : 'pause');
  });
}

test('what waited inside of its turn wants the next one when that ends', () => {
  const { said, flow, grant, submit, finish, pass } = setUp();
  grant(1, 10);
  submit();
  submit();
  pass(9.9);
  deepEqual(said, []);
  pass(0.1);
  deepEqual(said, ['turn-wanted 1 at 110']);
  pass(30);
  finish();
  deepEqual(said, ['turn-wanted 1 at 110', 'turn-over 1 at 140']);
  deepEqual(flow, ['submit at 100', 'pause']);
  grant(2, 10);
  deepEqual(flow.slice(2), ['submit at 140', 'resume']);
});

test('a turn that does not yield says nothing of being idle', () => {
  const { said, grant, submit, finish, pass } = setUp();
  grant(1, 10);
  submit();
  finish();
  pass(9.9);
  deepEqual(said, []);
});

test('one that yields is idle 0.3 ms after the last work, once, and stays open', () => {
  const { said, flow, grant, submit, finish, pass } = setUp();
  grant(1, null);
  submit();
  said.length = 0;
  grant(2, 10, true);
  pass(1);
  finish();
  pass(0.2);
  submit();
  pass(1);
  finish();
  pass(0.299);
  deepEqual(said, []);
  pass(0.001);
  equal(said.length, 1);
  match(String(said), /^turn-idle 2 at 102\.5/);
  submit();
  match(String(flow.at(-1)), /^submit at 102\.5/);
  finish();
  pass(1);
  equal(said.length, 1);
});

test('one that yields to a context that has had nothing for long is idle at once', () => {
  const { said, grant } = setUp();
  grant(1, 10, true);
  deepEqual(said, ['turn-idle 1 at 100']);
});

test('each turn is answered anew, whatever its serial', () => {
  const { said, grant, submit } = setUp();
  grant(1, null);
  submit();
  grant(1, null);
  deepEqual(said, ['turn-over 1 at 100', 'turn-wanted 1 at 100', 'turn-wanted 1 at 100', 'turn-over 1 at 100']);
});

test('where there are no turns any more what waits goes on, and nobody is woken', () => {
  const { gate, said, flow, alarm, awaited, grant, submit, pass } = setUp();
  grant(1, 10);
  submit();
  submit();
  gate.free();
  equal(gate.isFree, true);
  deepEqual(flow, ['submit at 100', 'pause', 'submit at 100', 'resume']);
  pass(100);
  deepEqual([said, alarm.atMs, awaited], [[], Number.POSITIVE_INFINITY, [true, false]]);
});

test('after the end of the context nothing is executed or said', () => {
  const { gate, said, flow, alarm, grant, submit, pass } = setUp();
  grant(1, null);
  submit();
  const { length } = said;
  gate.end();
  grant(2, 10);
  gate.free();
  gate.progressed();
  pass(100);
  deepEqual([said.length, flow, alarm.atMs], [length, ['pause'], Number.POSITIVE_INFINITY]);
});

test('a kept submit that ends the context is the last thing that happens', () => {
  const { gate, flow, grant, said } = setUp();
  grant(1, null);
  gate.keep(() => gate.end());
  const { length } = said;
  grant(2, 10);
  deepEqual([flow, said.length], [['pause'], length]);
});

test('an alarm is set where it changes, not for each submit', () => {
  const { alarm, grant, submit, finish } = setUp();
  grant(1, 10);
  for (let i = 0; i < 100; i++) {
    submit();
    finish();
  }
  equal(alarm.setCount, 1);
});

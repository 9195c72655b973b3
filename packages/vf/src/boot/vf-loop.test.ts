import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { type LoopClock, VfLoop } from './vf-loop.ts';

/** A clock that moves by naps and timers alone, and an event loop that a test turns. */
class ScriptedClock implements LoopClock {
  timeMs = 0;
  immediate: (() => void) | null = null;
  timer: (() => void) | null = null;
  readonly naps: number[] = [];
  #timerMs = 0;

  now(): number {
    return this.timeMs;
  }
  setImmediate(run: () => void): void {
    equal(this.immediate, null, 'one step at a time');
    this.immediate = run;
  }
  setTimeout(run: () => void, delayMs: number): NodeJS.Timeout {
    equal(this.timer, null, 'one timer at a time');
    this.timer = run;
    this.#timerMs = delayMs;
    return {} as NodeJS.Timeout;
  }
  clearTimeout(): void {
    this.timer = null;
  }
  nap(ms: number): void {
    this.naps.push(ms);
    this.timeMs += ms;
  }
  /** Runs what is due next; false when nothing is. */
  turn(): boolean {
    const run = this.immediate ?? this.timer;
    if (run === null) return false;
    if (this.immediate === null) this.timeMs += this.#timerMs;
    this.immediate = null;
    this.timer = null;
    run();
    return true;
  }
}

/** Dawn ticks once more after each tick, as long as anything is pending. */
function loopWithDawn() {
  const clock = new ScriptedClock();
  const loop = new VfLoop(clock);
  const target = { setImmediate: undefined as unknown as (tick: () => void) => void };
  loop.takeTicks(target);
  const tickedAtMs: number[] = [];
  let isPending = false;
  const tick = (): void => {
    tickedAtMs.push(clock.timeMs);
    if (isPending) target.setImmediate(tick);
  };
  const request = (): void => {
    isPending = true;
    target.setImmediate(tick);
  };
  const answer = (): void => {
    isPending = false;
  };
  return { clock, loop, request, answer, tickedAtMs };
}

test('a loop with nothing to do does nothing', () => {
  equal(loopWithDawn().clock.turn(), false);
});

test('a tick that follows a request runs at once, and without a nap', () => {
  const { clock, request, answer, tickedAtMs } = loopWithDawn();
  request();
  answer();
  clock.turn();
  deepEqual(tickedAtMs, [0]);
  deepEqual(clock.naps, []);
  equal(clock.turn(), false);
});

test('ticks become rarer with the age of the request: naps first, then timers', () => {
  const { clock, request, answer, tickedAtMs } = loopWithDawn();
  request();
  clock.turn();
  clock.timeMs = 0.1;
  clock.turn();
  while (clock.timeMs < 20) clock.turn();
  answer();
  while (clock.turn());
  const steps = tickedAtMs.slice(2).map((ms, i) => [tickedAtMs[i + 1] as number, ms] as const);
  for (const [before, after] of steps) equal(after - before <= Math.max(0.01, before / 8) * 1.01 || after - before <= 1.01, true);
  equal(steps.length > 25 && steps.length < 80, true, `${steps.length} ticks`);
  equal(Math.max(...clock.naps) < 1, true);
});

test('hurry brings a tick forward that waits', () => {
  const { clock, loop, request, tickedAtMs } = loopWithDawn();
  request();
  clock.turn();
  clock.timeMs = 50;
  clock.turn();
  equal(clock.immediate, null);
  loop.hurry();
  clock.turn();
  equal(tickedAtMs.at(-1), 50);
  equal(clock.immediate === null, false, 'and the next ones too');
});

test('hurry without a tick sets nothing off', () => {
  const { clock, loop } = loopWithDawn();
  loop.hurry();
  equal(clock.turn(), false);
});

test('a turn comes in the next step, before a nap and before a tick', () => {
  const { clock, loop, request, tickedAtMs } = loopWithDawn();
  const ran: number[] = [];
  request();
  loop.soon(() => ran.push(tickedAtMs.length));
  clock.turn();
  deepEqual(ran, [0]);
  equal(tickedAtMs.length, 1);
  deepEqual(clock.naps, []);
});

test('a request made in a turn, and answered by the first tick, leaves a step with nothing to do', () => {
  const { clock, loop, request, answer, tickedAtMs } = loopWithDawn();
  loop.soon(() => {
    request();
    answer();
  });
  while (clock.turn());
  deepEqual(tickedAtMs, [0]);
  deepEqual(clock.naps, []);
});

test('a look comes after its nap, and a tick that is due earlier does not wait for it', () => {
  const { clock, loop, request, answer, tickedAtMs } = loopWithDawn();
  const lookedAtMs: number[] = [];
  request();
  loop.later(() => lookedAtMs.push(clock.timeMs), 0.2);
  clock.turn();
  answer();
  while (lookedAtMs.length === 0) clock.turn();
  deepEqual(lookedAtMs, [0.2]);
  equal((tickedAtMs[1] as number) < 0.2, true);
});

test('a nap comes only when what the step before has set off is done', () => {
  const { clock, loop, request } = loopWithDawn();
  request();
  clock.turn();
  clock.timeMs = 0.1;
  clock.turn();
  deepEqual(clock.naps, [], 'the tick has run, and its promises are not settled yet');
  let isTurned = false;
  loop.soon(() => {
    isTurned = true;
  });
  clock.turn();
  deepEqual(clock.naps, []);
  equal(isTurned, true);
});

test('a tick that throws does not make the next request look like one from within a tick', () => {
  const clock = new ScriptedClock();
  const loop = new VfLoop(clock);
  const target = { setImmediate: undefined as unknown as (tick: () => void) => void };
  loop.takeTicks(target);
  target.setImmediate(() => {
    throw new Error('from Dawn');
  });
  try {
    clock.turn();
  } catch {}
  clock.timeMs = 10;
  let ticks = 0;
  target.setImmediate(() => ticks++);
  clock.turn();
  equal(ticks, 1);
  deepEqual(clock.naps, []);
});

test('where an answer is not due for long there are no ticks until it nearly is, and many then', () => {
  const { clock, loop, request, answer, tickedAtMs } = loopWithDawn();
  clock.timeMs = 100;
  request();
  loop.expect(1.5);
  while (clock.timeMs < 102) clock.turn();
  answer();
  while (clock.turn());
  const [first, second] = tickedAtMs as [number, number];
  equal(first >= 101.5 && first < 101.6, true, `the first tick at ${first}`);
  equal(second - first <= 1.6 / 32, true, `the second tick at ${second}`);
  equal(tickedAtMs.length < 18, true, `${tickedAtMs.length} ticks`);
});

test('a hurried request is not put off by what another one is expected to take', () => {
  for (const isHurriedFirst of [true, false]) {
    const { clock, loop, request, tickedAtMs } = loopWithDawn();
    clock.timeMs = 100;
    request();
    const steps = [() => loop.hurry(), () => loop.expect(1.5)];
    for (const step of isHurriedFirst ? steps : steps.reverse()) step();
    clock.turn();
    deepEqual(tickedAtMs, [100]);
  }
});

test('next to nothing is not waited for, nor what takes long', () => {
  for (const [quietMs, tickMs] of [[0.1, 100], [0.2, 100.2], [2, 102], [2.1, 100], [5000, 100]] as const) {
    const { clock, loop, request, tickedAtMs } = loopWithDawn();
    clock.timeMs = 100;
    request();
    loop.expect(quietMs);
    while (tickedAtMs.length === 0) clock.turn();
    equal(tickedAtMs[0], tickMs);
  }
});

test('an alarm comes at its time, after a timer and a nap, and once', () => {
  for (const ms of [0.3, 1.7, 1.9, 10.4]) {
    const { clock, loop } = loopWithDawn();
    const alarmedAtMs: number[] = [];
    loop.wakeAt(ms, () => alarmedAtMs.push(clock.timeMs));
    while (clock.turn());
    deepEqual(alarmedAtMs, [ms]);
    equal(clock.naps.length, 1);
    equal((clock.naps[0] as number) < 2, true);
  }
});

test('an alarm whose time has come does not wait', () => {
  const { clock, loop } = loopWithDawn();
  let count = 0;
  loop.wakeAt(-1, () => count++);
  while (clock.turn());
  equal(count, 1);
  deepEqual(clock.naps, []);
});

test('a later alarm stands instead of an earlier one, and none at all instead of any', () => {
  const { clock, loop } = loopWithDawn();
  const alarmed: string[] = [];
  loop.wakeAt(1, () => alarmed.push('first'));
  loop.wakeAt(3, () => alarmed.push('second'));
  while (clock.turn());
  deepEqual([alarmed, clock.timeMs], [['second'], 3]);
  loop.wakeAt(5, () => alarmed.push('third'));
  loop.wakeAt(Number.POSITIVE_INFINITY, () => {});
  while (clock.turn());
  deepEqual(alarmed, ['second']);
});

test('an alarm that sets the next one is not lost', () => {
  const { clock, loop } = loopWithDawn();
  const alarmedAtMs: number[] = [];
  const alarm = (): void => {
    alarmedAtMs.push(clock.timeMs);
    if (alarmedAtMs.length < 3) loop.wakeAt(clock.timeMs + 1, alarm);
  };
  loop.wakeAt(1, alarm);
  while (clock.turn());
  deepEqual(alarmedAtMs, [1, 2, 3]);
});

test('work whose end is awaited is looked for more often, a little less so the older it is', () => {
  const { clock, loop, request, answer, tickedAtMs } = loopWithDawn();
  request();
  clock.turn();
  clock.timeMs = 0.1;
  while (clock.timeMs < 20) clock.turn();
  const rare = tickedAtMs.length;
  const sinceMs = clock.timeMs;
  loop.awaitEnd(true);
  while (clock.timeMs < 28) clock.turn();
  const often = tickedAtMs.length - rare;
  const gaps = tickedAtMs.slice(rare).map((ms, i, all) => ms - (all[i - 1] ?? sinceMs));
  equal(Math.max(...gaps) < 28 / 32 + 0.01, true, `a gap of ${Math.max(...gaps)} ms`);
  equal(often > 9 && often < 15, true, `${often} ticks in 8 ms`);
  loop.awaitEnd(false);
  const before = tickedAtMs.length;
  while (clock.timeMs < 40) clock.turn();
  equal(tickedAtMs.length - before < 13, true, 'and rarely again when nobody waits');
  answer();
  while (clock.turn());
});

for (const isAwaited of [false, true]) {
  test(`work of 5 ms is looked for ${isAwaited ? 'five times' : 'once'} a millisecond where its end is ${isAwaited ? '' : 'not '}awaited`, () => {
    const { clock, loop, request, tickedAtMs } = loopWithDawn();
    request();
    clock.turn();
    clock.timeMs = 0.1;
    loop.awaitEnd(isAwaited);
    while (clock.timeMs < 10) clock.turn();
    const count = tickedAtMs.filter((ms) => ms > 4 && ms < 8).length;
    equal(isAwaited ? count > 17 && count < 23 : count < 9, true, `${count} ticks in 4 ms`);
  });
}

test('an end that nobody has asked for is awaited without a step', () => {
  const { clock, loop } = loopWithDawn();
  loop.awaitEnd(true);
  equal(clock.turn(), false);
});

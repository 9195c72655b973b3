import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { type TickClock, paceDawn } from './dawn-tick.ts';

/** A clock that runs nothing by itself, and writes down how each tick was queued. */
class ScriptedClock implements TickClock {
  timeMs = 0;
  readonly immediates: (() => void)[] = [];
  readonly timers: (() => void)[] = [];

  now(): number {
    return this.timeMs;
  }
  setImmediate(run: () => void): void {
    this.immediates.push(run);
  }
  setTimeout(run: () => void): NodeJS.Timeout {
    return (this.timers.push(run) - 1) as unknown as NodeJS.Timeout;
  }
  clearTimeout(timer: NodeJS.Timeout): void {
    this.timers.splice(timer as unknown as number, 1);
  }
  queued(): { immediates: number; timers: number } {
    return { immediates: this.immediates.length, timers: this.timers.length };
  }
}

/** Ticks as dawn.node does: once more after each tick, as long as anything is pending. */
function pacedDawn() {
  const clock = new ScriptedClock();
  const target = { setImmediate: undefined as unknown as (tick: () => void) => void };
  const pace = paceDawn(target, clock);
  let tickCount = 0;
  const tick = (): void => {
    tickCount++;
    target.setImmediate(tick);
  };
  return { clock, pace, request: () => target.setImmediate(tick), tickCount: () => tickCount };
}

test('a tick that follows a request runs at once', () => {
  const { clock, request } = pacedDawn();
  request();
  deepEqual(clock.queued(), { immediates: 1, timers: 0 });
});

test('ticks stay immediate for 0.1 ms after the request, and then wait for a timer', () => {
  const { clock, request } = pacedDawn();
  request();
  clock.timeMs = 0.05;
  clock.immediates.shift()?.();
  deepEqual(clock.queued(), { immediates: 1, timers: 0 });
  clock.timeMs = 0.1;
  clock.immediates.shift()?.();
  deepEqual(clock.queued(), { immediates: 0, timers: 1 });
  clock.timeMs = 1.1;
  clock.timers.shift()?.();
  deepEqual(clock.queued(), { immediates: 0, timers: 1 });
});

test('hurry brings a tick forward that waits for a timer', () => {
  const { clock, pace, request, tickCount } = pacedDawn();
  request();
  clock.timeMs = 5;
  clock.immediates.shift()?.();
  deepEqual(clock.queued(), { immediates: 0, timers: 1 });
  pace.hurry();
  deepEqual(clock.queued(), { immediates: 1, timers: 0 });
  clock.immediates.shift()?.();
  equal(tickCount(), 2);
  deepEqual(clock.queued(), { immediates: 1, timers: 0 });
});

test('a tick that throws does not make the next request look like one from within a tick', () => {
  const clock = new ScriptedClock();
  const target = { setImmediate: undefined as unknown as (tick: () => void) => void };
  paceDawn(target, clock);
  target.setImmediate(() => {
    throw new Error('from Dawn');
  });
  try {
    clock.immediates.shift()?.();
  } catch {}
  clock.timeMs = 10;
  target.setImmediate(() => {});
  deepEqual(clock.queued(), { immediates: 1, timers: 0 });
});

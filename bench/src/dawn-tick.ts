import { setImmediate as originalSetImmediate } from 'node:timers';

/**
 * Paces the event loop of npm `webgpu`: what a program that uses it directly can do about its spin. (A VF
 * does more: it may block its thread between two ticks.)
 *
 * While anything is pending (a map, an error scope, onSubmittedWorkDone) dawn.node's AsyncRunner queues
 * a *tick* (wgpuInstanceProcessEvents) by `globalThis.setImmediate`, which it looks up afresh each time,
 * and every tick queues the next one. So a process that waits for its GPU would keep a core busy: on a machine
 * with few cores, one that a software GPU needs. A tick that follows a request is worth running at once,
 * because many answers are there within microseconds; after that a look each millisecond is enough.
 *
 * dawn.node queues the first tick from the request itself and the next ones from within a tick; that
 * tells the two apart. A request made while a tick is queued calls nothing: `hurry` is for those.
 */
export interface DawnTick {
  /** A request has just been made: ticks run at once for a while, the queued one included. */
  hurry(): void;
}

/** Maps and error scopes of finished work answer in 6 to 10 us, the shortest submits in some 30 us. */
const HURRY_MS = 0.1;
const TICK_MS = 1;

type Callback = (...args: unknown[]) => void;

export interface TickClock {
  now(): number;
  setImmediate(run: () => void): unknown;
  setTimeout(run: () => void, delayMs: number): NodeJS.Timeout;
  clearTimeout(timer: NodeJS.Timeout): void;
}

const NODE_CLOCK: TickClock = {
  now: () => performance.now(),
  setImmediate: originalSetImmediate,
  setTimeout,
  clearTimeout,
};

/** Replaces `target.setImmediate`. Call it before the first request to Dawn. */
export function paceDawn(target: { setImmediate: unknown } = globalThis, clock: TickClock = NODE_CLOCK): DawnTick {
  let hurriedUntilMs = 0;
  let insideTick = false;
  /** Ticks that wait for a timer. Dawn queues one per instance, so these are very few. */
  const waiting = new Map<() => void, NodeJS.Timeout>();

  function hurry(): void {
    hurriedUntilMs = clock.now() + HURRY_MS;
    for (const [run, timer] of waiting) {
      clock.clearTimeout(timer);
      clock.setImmediate(run);
    }
    waiting.clear();
  }

  target.setImmediate = (callback: Callback, ...args: unknown[]): unknown => {
    const run = (): void => {
      waiting.delete(run);
      insideTick = true;
      try {
        callback(...args);
      } finally {
        insideTick = false;
      }
    };
    const now = clock.now();
    if (!insideTick) hurriedUntilMs = now + HURRY_MS;
    if (now < hurriedUntilMs) return clock.setImmediate(run);
    const timer = clock.setTimeout(run, TICK_MS);
    waiting.set(run, timer);
    return timer;
  };
  return { hurry };
}

import { setImmediate as originalSetImmediate } from 'node:timers';
import type { Scheduler } from '@gpup/bus';
import { Nap } from '@gpup/os';

/** Ticks that follow a request run at once for this long: maps and error scopes of finished work answer in the first or second. */
const HURRY_MS = 0.01;
const TICK_MS_MIN = 0.01;
/** After that, a tick waits for this part of the time since the request. */
const TICK_SHARE = 1 / 8;
/** Once an answer is due that was to come after so long: often enough to be a little late at most, seldom enough to be cheap. */
const DUE_TICK_SHARE = 1 / 32;
/**
 * While somebody waits for the end of the work, a tick waits for no longer than this, or this part of the age: a tick
 * and its nap take some 10 us of a core that a software GPU works on.
 */
const AWAITED_TICK_MS = 0.2;
const AWAITED_TICK_SHARE = 1 / 32;
/** What Node's timers can do; the longest time between two ticks. */
const TIMER_MS = 1;
/**
 * Longer work is looked for all the time, ever more rarely: a guess about it could be wrong by much, and beside a VF
 * that sleeps for long the threads of the software GPU were seen to drift apart (500 dispatches a submit: -12 %).
 */
const QUIET_MS_MAX = 2;
/** Shorter ones are not worth the difference. */
const QUIET_MS_MIN = 0.2;
/** After a request of the guest that may be answered at once, nothing is put off. */
const HURRIED_MS = 2;
/** A timer may come a millisecond late: before an alarm the thread naps. */
const ALARM_NAP_MS_MAX = 2;
/** Shorter waits are not worth a nap. */
const NAP_MS_MIN = 0.002;

type Callback = () => void;

export interface LoopClock {
  now(): number;
  setImmediate(run: Callback): unknown;
  setTimeout(run: Callback, delayMs: number): NodeJS.Timeout;
  clearTimeout(timer: NodeJS.Timeout): void;
  /** Blocks the thread for a moment, or until the guest or the host has something to say. */
  nap(ms: number): void;
}

export function nodeLoopClock(nap: Nap = new Nap()): LoopClock {
  return { now: () => performance.now(), setImmediate: originalSetImmediate, setTimeout, clearTimeout, nap: (ms) => nap.take(ms) };
}

/**
 * Shares a VF's thread between its link (turns and looks, as its Scheduler) and Dawn (ticks), and naps
 * when neither has anything to do at the moment.
 *
 * While anything is pending (a map, an error scope, onSubmittedWorkDone) dawn.node's AsyncRunner queues
 * a *tick* (wgpuInstanceProcessEvents) by `globalThis.setImmediate`, which it looks up afresh each time,
 * and every tick queues the next one. So a VF that waits for its GPU would keep a core busy: on a machine
 * with few cores, one that a software GPU needs. Here ticks become rarer with the age of the last
 * request, so that an answer comes at most an eighth later than it could. Where it is known that work has taken
 * a millisecond or so lately, there are none until it is nearly due, and more of them then: fewer wake-ups, and its
 * end is noticed sooner.
 *
 * dawn.node queues the first tick from the request itself and the next ones from within a tick; that
 * tells the two apart. A request made while a tick is queued calls nothing: `hurry` is for those.
 *
 * A nap is taken at the beginning of a step, never at its end: what a step has set off (the reactions to
 * promises, which send replies) happens between two steps.
 */
export class VfLoop implements Scheduler {
  readonly sleep = null;
  readonly #clock: LoopClock;
  #turns: Callback[] = [];
  #look: Callback | null = null;
  #lookAtMs = Number.POSITIVE_INFINITY;
  /** Dawn queues one for each of its instances. */
  #ticks: Callback[] = [];
  #tickAtMs = Number.POSITIVE_INFINITY;
  #requestedAtMs = 0;
  #hurriedAtMs = Number.NEGATIVE_INFINITY;
  /** No answer is expected before. */
  #quietUntilMs = Number.NEGATIVE_INFINITY;
  #isTicking = false;
  #isEndAwaited = false;
  #alarm: Callback | null = null;
  #alarmAtMs = Number.POSITIVE_INFINITY;
  #isStepDue = false;
  #timer: NodeJS.Timeout | null = null;
  readonly #stepBound = (): void => this.#step();

  constructor(clock: LoopClock = nodeLoopClock()) {
    this.#clock = clock;
  }

  /** Replaces `target.setImmediate`. Call it before the first request to Dawn; our own code imports it from node:timers. */
  takeTicks(target: { setImmediate: unknown } = globalThis): void {
    target.setImmediate = (tick: Callback): void => this.#queueTick(tick);
  }

  soon(callback: Callback): void {
    this.#turns.push(callback);
    this.#stepSoon();
  }

  later(callback: Callback, napMs: number): void {
    this.#look = callback;
    this.#lookAtMs = this.#clock.now() + napMs;
    this.#stepSoon();
  }

  nowMs(): number {
    return this.#clock.now();
  }

  /** A request to Dawn has just been made or is about to be: ticks run at once for a while, the queued one included. */
  hurry(): void {
    this.#requestedAtMs = this.#clock.now();
    this.#hurriedAtMs = this.#requestedAtMs;
    this.#quietUntilMs = Number.NEGATIVE_INFINITY;
    if (this.#ticks.length === 0) return;
    this.#tickAtMs = this.#requestedAtMs;
    this.#stepSoon();
  }

  /** The request that has just been made will not be answered within `quietMs`, as far as anybody knows. */
  expect(quietMs: number): void {
    if (quietMs < QUIET_MS_MIN || quietMs > QUIET_MS_MAX) return;
    const nowMs = this.#clock.now();
    if (nowMs - this.#hurriedAtMs < HURRIED_MS) return;
    this.#requestedAtMs = nowMs;
    this.#quietUntilMs = nowMs + quietMs;
    if (this.#ticks.length === 0) return;
    this.#tickAtMs = this.#quietUntilMs;
    this.#stepSoon();
  }

  /** While true, somebody waits for the end of submitted work: ticks come more often, the queued one included. */
  awaitEnd(isAwaited: boolean): void {
    this.#isEndAwaited = isAwaited;
    if (!isAwaited || this.#ticks.length === 0) return;
    const nowMs = this.#clock.now();
    if (nowMs < this.#quietUntilMs) return;
    this.#tickAtMs = Math.min(this.#tickAtMs, nowMs + this.#tickDelayMs(nowMs - this.#requestedAtMs));
    this.#stepSoon();
  }

  /** Calls back at that time, within microseconds. Later calls stand instead of earlier ones; Infinity: never. */
  wakeAt(atMs: number, callback: Callback): void {
    this.#alarmAtMs = atMs;
    this.#alarm = callback;
    if (atMs < Number.POSITIVE_INFINITY) this.#stepSoon();
  }

  #queueTick(tick: Callback): void {
    const nowMs = this.#clock.now();
    if (!this.#isTicking) this.#requestedAtMs = nowMs;
    const ageMs = nowMs - this.#requestedAtMs;
    this.#ticks.push(tick);
    this.#tickAtMs = nowMs < this.#quietUntilMs ? this.#quietUntilMs : nowMs + this.#tickDelayMs(ageMs);
    if (!this.#isTicking) this.#stepSoon();
  }

  #tickDelayMs(ageMs: number): number {
    if (ageMs < HURRY_MS) return 0;
    const share = this.#quietUntilMs > this.#requestedAtMs ? DUE_TICK_SHARE : TICK_SHARE;
    const mostMs = this.#isEndAwaited ? Math.max(AWAITED_TICK_MS, ageMs * AWAITED_TICK_SHARE) : TIMER_MS;
    return Math.min(Math.max(TICK_MS_MIN, ageMs * share), mostMs, TIMER_MS);
  }

  #stepSoon(): void {
    if (this.#isStepDue) return;
    this.#isStepDue = true;
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    this.#clock.setImmediate(this.#stepBound);
  }

  #step(): void {
    this.#isStepDue = false;
    this.#timer = null;
    if (this.#turns.length === 0) this.#nap();
    else this.#runTurns();
    const nowMs = this.#clock.now();
    if (nowMs >= this.#lookAtMs) this.#runLook();
    if (nowMs >= this.#tickAtMs) this.#runTicks();
    if (nowMs >= this.#alarmAtMs) this.#runAlarm();
    this.#goOn();
  }

  #nap(): void {
    const leftMs = this.#dueMs() - this.#clock.now();
    // What this step was meant for may have been done by the last one: then nothing is to come.
    if (leftMs > NAP_MS_MIN && leftMs < this.#napMsMax()) this.#clock.nap(leftMs);
  }

  #dueMs(): number {
    return Math.min(this.#lookAtMs, this.#tickAtMs, this.#alarmAtMs);
  }

  /** What is due later is waited for by a timer first. */
  #napMsMax(): number {
    return this.#alarmAtMs === this.#dueMs() ? ALARM_NAP_MS_MAX : TIMER_MS;
  }

  #runTurns(): void {
    const turns = this.#turns;
    this.#turns = [];
    for (const turn of turns) turn();
  }

  #runLook(): void {
    const look = this.#look;
    this.#look = null;
    this.#lookAtMs = Number.POSITIVE_INFINITY;
    look?.();
  }

  #runAlarm(): void {
    this.#alarmAtMs = Number.POSITIVE_INFINITY;
    this.#alarm?.();
  }

  #runTicks(): void {
    const ticks = this.#ticks;
    this.#ticks = [];
    this.#tickAtMs = Number.POSITIVE_INFINITY;
    this.#isTicking = true;
    try {
      for (const tick of ticks) tick();
    } finally {
      this.#isTicking = false;
    }
  }

  /** Makes sure that the next step comes, if anything is to come. */
  #goOn(): void {
    if (this.#turns.length > 0) return this.#stepSoon();
    const dueMs = this.#dueMs();
    if (dueMs === Number.POSITIVE_INFINITY || this.#isStepDue) return;
    // The event loop sleeps by itself then, and wakes for whatever comes.
    const leftMs = dueMs - this.#clock.now();
    if (leftMs < this.#napMsMax() * 0.9) return this.#stepSoon();
    const earlyMs = dueMs === this.#alarmAtMs ? TIMER_MS : 0;
    this.#timer = this.#clock.setTimeout(this.#stepBound, Math.max(TIMER_MS, Math.floor(leftMs - earlyMs)));
  }
}

import { setTimeout } from 'node:timers/promises';
import type { ThreadStat } from './thread-stat.ts';

const LOOK_MS = 100;
const STEP_MS = 10;

/**
 * How much time some threads had to get on with something: all in which they waited for other things than a
 * processor, and what they got of one. On a busy machine that is less than what the clock on the wall says, and
 * nothing while they, or whoever looks, are stopped.
 */
export class Patience {
  readonly #stats: () => readonly ThreadStat[];
  #processorMs: number;
  #spentMs = 0;

  constructor(stats: () => readonly ThreadStat[]) {
    this.#stats = stats;
    this.#processorMs = sumOf(stats());
  }

  get spentMs(): number {
    return this.#spentMs;
  }

  /** There was progress. */
  restart(): void {
    this.#spentMs = 0;
    this.#processorMs = sumOf(this.#stats());
  }

  /** To be called once in `intervalMs`. */
  look(intervalMs: number): void {
    const stats = this.#stats();
    const processorMs = sumOf(stats);
    const isWaiting = stats.every(({ state }) => state === 'S' || state === 'Z');
    // Threads that have ended take their time with them.
    this.#spentMs += isWaiting ? intervalMs : Math.min(intervalMs, Math.max(0, processorMs - this.#processorMs));
    this.#processorMs = processorMs;
  }
}

/** What `work` comes to, or `late` if whoever works on it had more than `limitMs` for it. */
export async function within<T>(work: Promise<T>, limitMs: number, stats: () => readonly ThreadStat[]): Promise<T | 'late'> {
  const patience = new Patience(stats);
  const stop = new AbortController();
  const watch = async (): Promise<'late'> => {
    while (patience.spentMs <= limitMs) {
      await setTimeout(LOOK_MS, undefined, { signal: stop.signal });
      patience.look(LOOK_MS);
    }
    return 'late';
  };
  try {
    return await Promise.race([work, watch()]);
  } finally {
    stop.abort();
  }
}

/** Whether `isSo` came true before whoever works on it had more than `limitMs` for it. */
export async function until(isSo: () => boolean, limitMs: number, stats: () => readonly ThreadStat[]): Promise<boolean> {
  const patience = new Patience(stats);
  while (!isSo()) {
    if (patience.spentMs > limitMs) return false;
    await setTimeout(STEP_MS);
    patience.look(STEP_MS);
  }
  return true;
}

function sumOf(stats: readonly ThreadStat[]): number {
  return stats.reduce((sum, { processorMs }) => sum + processorMs, 0);
}

import type { Doorbell, Scheduler } from '../doorbell.ts';

/** An event loop that a test turns by hand. */
export class FakeScheduler implements Scheduler {
  timeMs = 0;
  readonly sleep = null;
  #due: (() => void)[] = [];

  get dueCount(): number {
    return this.#due.length;
  }

  soon(callback: () => void): void {
    this.#due.push(callback);
  }

  later(callback: () => void): void {
    this.#due.push(callback);
  }

  nowMs(): number {
    return this.timeMs;
  }

  /** Runs what is due now, not what that makes due. */
  turn(): void {
    const due = this.#due;
    this.#due = [];
    for (const callback of due) callback();
  }
}

/** Counts its rings; the test rings back by `onRing`. */
export class FakeDoorbell implements Doorbell {
  onRing: () => void = () => {};
  onPeerGone: (message: string) => void = () => {};
  ringCount = 0;
  isWaiting = false;
  isClosed = false;

  ring(): void {
    this.ringCount += 1;
  }

  isPeerAlive(): boolean {
    return true;
  }

  setWaiting(waiting: boolean): void {
    this.isWaiting = waiting;
  }

  close(): void {
    this.isClosed = true;
  }
}

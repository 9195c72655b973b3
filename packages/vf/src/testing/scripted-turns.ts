import type { SchedulingLine } from '../boot/control-line.ts';
import type { TurnHost } from '../turn-gate.ts';

/** The host's side of a gate, with a clock that a test moves, alarms included. */
export class ScriptedTurns implements TurnHost {
  readonly clockOffsetMs = 1_000_000;
  readonly said: SchedulingLine[] = [];
  readonly nowMs = (): number => this.#nowMs;
  isEndAwaited = false;
  #nowMs = 100;
  #alarmAtMs = Number.POSITIVE_INFINITY;
  #alarm: () => void = () => {};

  say(line: SchedulingLine): void {
    this.said.push(line);
  }

  wakeAt(atMs: number, then: () => void): void {
    this.#alarmAtMs = atMs;
    this.#alarm = then;
  }

  awaitEnd(isAwaited: boolean): void {
    this.isEndAwaited = isAwaited;
  }

  after(): void {}

  /** The time of the monotonic clock, so many milliseconds from now. */
  untilUs(ms: number): number {
    return (this.#nowMs + ms + this.clockOffsetMs) * 1000;
  }

  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    while (this.#alarmAtMs <= endMs) {
      this.#nowMs = Math.max(this.#nowMs, this.#alarmAtMs);
      this.#alarmAtMs = Number.POSITIVE_INFINITY;
      this.#alarm();
    }
    this.#nowMs = endMs;
  }
}

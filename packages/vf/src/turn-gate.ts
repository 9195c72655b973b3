import type { SchedulingLine } from './boot/control-line.ts';
import type { Turn } from './boot/host-request.ts';

/** A guest that thinks between two submits is not idle yet. */
const IDLE_MS = 0.3;

/** The turns of a context, as its VF process is told of them and tells of them. */
export interface TurnHost {
  say(line: SchedulingLine): void;
  /** Calls back at that time of the processor's clock, exactly; later calls stand instead of earlier ones. Infinity: never. */
  wakeAt(atMs: number, then: () => void): void;
  /** While true, somebody waits for the end of what was submitted, and every moment until it is noticed is lost. */
  awaitEnd(isAwaited: boolean): void;
  /** The monotonic clock, less the processor's. */
  readonly clockOffsetMs: number;
  /** Calls back once, after so long; not to the moment. */
  after(ms: number, then: () => void): void;
}

/** For contexts whose gate is always free, and whom nobody listens to. */
export const NO_TURNS: TurnHost = { say: () => {}, wakeAt: () => {}, awaitEnd: () => {}, clockOffsetMs: 0, after: () => {} };

/** What has been submitted, as far as the gate is concerned. */
export interface GatedWork {
  readonly unfinishedCount: number;
  /** When the last unfinished submit has finished. */
  readonly idleSinceMs: number;
  /** How long the unfinished ones will take, presumably; Infinity: nothing is known. */
  remainingMs(nowMs: number): number;
}

export interface TurnGateOptions {
  readonly host: TurnHost;
  readonly work: GatedWork;
  /** Stop or go on reading the guest's commands. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Executes a kept submit; it decides what to do with exceptions. */
  readonly execute: (submit: () => void) => void;
  readonly nowMs: () => number;
}

/**
 * Where a context's submits wait for its turn on the adapter. Without turns the gate is free, and costs nothing.
 *
 * One submit at most is kept: while it is, nothing more of the guest is read, so that everything takes effect in the
 * order in which it would without a gate. What had been read before goes on (maps, pipelines, error scopes).
 *
 * Within its turn a submit is let through if the GPU will presumably get to it before the turn ends: so the queue is
 * as deep as it can be, and yet the turn is overrun by about one submit at most.
 */
export class TurnGate {
  readonly #options: TurnGateOptions;
  #isFree = true;
  #serial = 0;
  #untilMs = 0;
  #yields = false;
  #kept: (() => void) | null = null;
  #isEnded = false;
  // What was said of this turn.
  #isWantedSaid = false;
  #isIdleSaid = false;
  #isOverSaid = false;
  #isEndAwaited = false;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  readonly #wokenBound = (): void => {
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    this.#look();
  };

  constructor(options: TurnGateOptions) {
    this.#options = options;
  }

  /** Submits need not ask. */
  get isFree(): boolean {
    return this.#isFree;
  }

  /** Whether a submit that has come just now may be executed. */
  admits(): boolean {
    return this.#admitsAt(this.#options.nowMs());
  }

  /** Keeps a submit that is not admitted. Nothing else of the guest is read until it was executed. */
  keep(submit: () => void): void {
    this.#kept = submit;
    this.#options.pause();
    this.#look();
  }

  grant({ serial, untilUs, yields }: Turn): void {
    if (this.#isEnded) return;
    this.#isFree = false;
    this.#serial = serial;
    this.#untilMs = untilUs / 1000 - this.#options.host.clockOffsetMs;
    this.#yields = yields;
    this.#isWantedSaid = false;
    this.#isIdleSaid = false;
    this.#isOverSaid = false;
    this.#look();
  }

  free(): void {
    if (this.#isFree) return;
    this.#isFree = true;
    this.#rest();
    if (this.#kept !== null) this.#letThrough();
  }

  /** Something that was submitted has finished. */
  progressed(): void {
    if (!this.#isFree) this.#look();
  }

  /** Of the context: nothing is executed, nor said, any more. */
  end(): void {
    this.#isEnded = true;
    this.#kept = null;
    this.#isFree = true;
    this.#rest();
  }

  #rest(): void {
    this.#wakeAt(Number.POSITIVE_INFINITY);
    this.#awaitEnd(false);
  }

  #admitsAt(nowMs: number): boolean {
    const leftMs = this.#untilMs - nowMs;
    if (leftMs <= 0) return false;
    const { work } = this.#options;
    return work.unfinishedCount === 0 || work.remainingMs(nowMs) < leftMs;
  }

  /** Does and says what the time and the work ask for. */
  #look(): void {
    const nowMs = this.#options.nowMs();
    if (this.#kept !== null && this.#admitsAt(nowMs)) return this.#letThrough();
    const isOpen = nowMs < this.#untilMs;
    this.#awaitEnd(this.#options.work.unfinishedCount > 0 && (!isOpen || this.#kept !== null));
    if (isOpen) this.#lookInside(nowMs);
    else this.#lookOutside();
  }

  #lookInside(nowMs: number): void {
    const { host, work } = this.#options;
    let wakeAtMs = this.#untilMs;
    if (this.#yields && !this.#isIdleSaid && work.unfinishedCount === 0) {
      const idleAtMs = work.idleSinceMs + IDLE_MS;
      if (nowMs >= idleAtMs) {
        this.#isIdleSaid = true;
        host.say({ type: 'turn-idle', serial: this.#serial });
      } else {
        wakeAtMs = Math.min(wakeAtMs, idleAtMs);
      }
    }
    this.#wakeAt(wakeAtMs);
  }

  /** Wanted before over: whoever hears the end knows then whether more is waiting. */
  #lookOutside(): void {
    const { host, work } = this.#options;
    this.#wakeAt(Number.POSITIVE_INFINITY);
    if (this.#kept !== null && !this.#isWantedSaid) {
      this.#isWantedSaid = true;
      host.say({ type: 'turn-wanted', serial: this.#serial });
    }
    if (work.unfinishedCount === 0 && !this.#isOverSaid) {
      this.#isOverSaid = true;
      host.say({ type: 'turn-over', serial: this.#serial });
    }
  }

  /** The link goes on last: what it delivers at once may be the next submit. */
  #letThrough(): void {
    const submit = this.#kept as () => void;
    this.#kept = null;
    this.#options.execute(submit);
    if (this.#isEnded) return;
    if (!this.#isFree) this.#look();
    this.#options.resume();
  }

  #wakeAt(atMs: number): void {
    if (atMs === this.#wakeAtMs) return;
    this.#wakeAtMs = atMs;
    this.#options.host.wakeAt(atMs, this.#wokenBound);
  }

  #awaitEnd(isAwaited: boolean): void {
    if (isAwaited === this.#isEndAwaited) return;
    this.#isEndAwaited = isAwaited;
    this.#options.host.awaitEnd(isAwaited);
  }
}

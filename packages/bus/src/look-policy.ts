export interface LookTimes {
  /** How long to look again and again, before the first nap, where that has proved worth it. */
  readonly spinMs: number;
  /** How long to look at all, before sleeping. */
  readonly lookMs: number;
  /** The longest nap between two looks. 0: there are none, and nobody looks any more after the spin, nor where there is none. */
  readonly napMsMax: number;
}

const NAP_MS_MIN = 0.01;
/** A nap is this part of the time without anything so far: what comes late is found a little later. */
const NAP_SHARE = 1 / 8;
/** After spins in vain, so many occasions at most begin with a nap. */
const SKIP_COUNT_MAX = 256;

/**
 * When an idle receiver looks for something new, and when it gives up and sleeps.
 *
 * A peer that has to wake us pays a system call of 10 to 20 us, and its news another 30 to 50 us on the
 * way; one that finds us looking pays nothing. Between two looks there are naps, in which the core is free
 * and which cost some 4 us each.
 *
 * Looking without a pause (a spin) is faster still where the peer answers within microseconds on another
 * core. Where both share a core, or a software GPU needs it, it keeps the answer from coming at all. Only
 * trying tells: a spin that found something invites the next, one in vain doubles the number of occasions
 * that begin with a nap until the next try.
 */
export class LookPolicy {
  readonly #times: LookTimes;
  #idleSinceMs = Number.NEGATIVE_INFINITY;
  #isLooking = false;
  #isSpinning = false;
  #skipCount = 1;
  #skipsLeft = 0;

  constructor(times: LookTimes) {
    this.#times = times;
  }

  /** Something has come. */
  found(): void {
    if (!this.#isSpinning) return;
    this.#isSpinning = false;
    this.#skipCount = 1;
  }

  /** There was something to do until now; something more may come soon. */
  idle(nowMs: number): void {
    this.#idleSinceMs = nowMs;
    this.#isLooking = true;
    this.#isSpinning = this.#skipsLeft === 0;
    if (this.#skipsLeft > 0) this.#skipsLeft -= 1;
  }

  /** Nothing was found. In how many milliseconds to look again, or null: sleep. */
  nextLookMs(nowMs: number): number | null {
    if (!this.#isLooking) return null;
    const { spinMs, lookMs, napMsMax } = this.#times;
    const idleMs = nowMs - this.#idleSinceMs;
    if (this.#isSpinning) {
      if (idleMs < spinMs) return 0;
      this.#isSpinning = false;
      this.#skipCount = Math.min(this.#skipCount * 2, SKIP_COUNT_MAX);
      this.#skipsLeft = this.#skipCount;
    }
    if (napMsMax > 0 && idleMs < lookMs) return Math.min(Math.max(NAP_MS_MIN, idleMs * NAP_SHARE), napMsMax);
    this.#isLooking = false;
    return null;
  }

  /** Without a verdict on the spin: nothing is expected any more. */
  giveUp(): void {
    this.#isLooking = false;
    this.#isSpinning = false;
  }
}

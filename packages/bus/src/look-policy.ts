/** How long to look before sleeping: about what a wake-up costs. */
const LOOK_MS = 0.05;
/** After looks in vain, so many occasions are let pass at most before the next one. */
const SKIP_COUNT_MAX = 256;

/**
 * Whether an idle receiver should go on looking for a while, or sleep at once.
 *
 * Looking saves a wake-up where the peer answers soon on another core. Where both share a core it
 * keeps the peer from answering at all: then every look is in vain, though each wake-up comes so
 * soon that a look seems worth it. So what counts is the result of real looks: one that found
 * something invites the next, one in vain doubles the number of occasions (wake-ups that came soon)
 * that pass until the next try.
 */
export class LookPolicy {
  #idleSinceMs = Number.NEGATIVE_INFINITY;
  #isLooking = false;
  #skipCount = 1;
  #skipsLeft = 0;

  /** There was something to do until now; something more may come soon. */
  idle(nowMs: number): void {
    if (this.#isLooking) this.#skipCount = 1;
    this.#idleSinceMs = nowMs;
    this.#isLooking = this.#skipsLeft === 0;
  }

  /** Nothing was found. Look again? */
  goesOn(nowMs: number): boolean {
    if (!this.#isLooking) return false;
    if (nowMs - this.#idleSinceMs < LOOK_MS) return true;
    this.#isLooking = false;
    this.#skipCount = Math.min(this.#skipCount * 2, SKIP_COUNT_MAX);
    this.#skipsLeft = this.#skipCount;
    return false;
  }

  /** Gives the look up without a verdict: nothing is expected any more. */
  giveUp(): void {
    this.#isLooking = false;
  }

  /** The peer has ended our sleep. */
  woken(nowMs: number): void {
    if (this.#skipsLeft > 0 && nowMs - this.#idleSinceMs < LOOK_MS) this.#skipsLeft -= 1;
  }
}

import { statOfThisThread } from './thread-stat.ts';

/** Looking costs as much as some steps do. */
const LOOK_MS_MIN = 100;

/** The clocks on the wall, and of what this thread has had of a processor. */
export interface Clocks {
  wallMs(): number;
  processorMs(): number;
}

const CLOCKS: Clocks = {
  wallMs: () => performance.now(),
  processorMs: () => statOfThisThread().processorMs,
};

/**
 * How long steps of this thread take. What a thread waits for a processor, or is stopped, is nobody's fault:
 * where the clock on the wall says too much, time on a processor is what counts.
 */
export class StepClock {
  readonly #clocks: Clocks;
  #beganMs = 0;
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** On a processor, when last looked. */
  #processorMs = 0;

  constructor(clocks = CLOCKS) {
    this.#clocks = clocks;
  }

  begin(): void {
    const nowMs = this.#clocks.wallMs();
    if (nowMs - this.#lookedMs >= LOOK_MS_MIN) {
      this.#lookedMs = nowMs;
      this.#processorMs = this.#clocks.processorMs();
    }
    this.#beganMs = nowMs;
  }

  /** Null, or what the step took if that is more than `limitMs`; up to a tenth of a second of earlier steps may be in it. */
  excessMs(limitMs: number): number | null {
    if (this.#clocks.wallMs() - this.#beganMs <= limitMs) return null;
    const tookMs = this.#clocks.processorMs() - this.#processorMs;
    return tookMs > limitMs ? tookMs : null;
  }
}

/** A program that runs for seconds: its code is compiled by then, as is that of whoever serves it. */
const WARM_MS = 1500;
/** Shorter samples would each be decided by one collection, or one wake-up, more or less. */
const SAMPLE_MS = 400;
const SCALE_MAX = 4096;

/**
 * Measures a program in its stride: before the first figure it runs for a while, and each figure is taken over
 * so many rounds that they last. The first rounds of a young process measure its compilers instead.
 */
export class SteadyMeasure {
  readonly #measure: (scale: number) => Promise<number>;
  readonly #nowMs: () => number;
  #scale = 0;

  constructor(measure: (scale: number) => Promise<number>, nowMs: () => number = () => performance.now()) {
    this.#measure = measure;
    this.#nowMs = nowMs;
  }

  async once(): Promise<number> {
    if (this.#scale === 0) this.#scale = await this.#warm();
    return this.#measure(this.#scale);
  }

  /** Resolves with the scale at which a figure takes long enough. */
  async #warm(): Promise<number> {
    const startMs = this.#nowMs();
    let scale = 1;
    for (;;) {
      const roundStartMs = this.#nowMs();
      await this.#measure(scale);
      const nowMs = this.#nowMs();
      const roundMs = Math.max(nowMs - roundStartMs, 0.01);
      if (nowMs - startMs >= WARM_MS) return Math.min(SCALE_MAX, Math.max(1, Math.ceil((SAMPLE_MS * scale) / roundMs)));
      // Grows towards rounds of the length of a sample, so that few of them are checked on the way.
      if (roundMs < SAMPLE_MS / 2) scale = Math.min(SCALE_MAX, scale * 2);
    }
  }
}

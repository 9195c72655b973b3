import type { LatencyClass } from '@gpup/wire/enums';
import { LATENCY_CLASS_MS_MIN } from './boot/control-line.ts';

/** What a host takes a guest for that has said nothing. */
export const LATENCY_CLASS_DEFAULT: LatencyClass = 'throughput';

export interface ToldLatencyClassOptions {
  readonly say: (value: LatencyClass) => void;
  /** Calls back once, after so long. */
  readonly after: (ms: number, then: () => void) => void;
  readonly nowMs: () => number;
}

/**
 * Tells the host the guest's latency class. A guest may change it as often as it likes; the host hears at most one
 * line in `LATENCY_CLASS_MS_MIN`, and the last word in the end.
 */
export class ToldLatencyClass {
  readonly #options: ToldLatencyClassOptions;
  #value = LATENCY_CLASS_DEFAULT;
  #saidValue = LATENCY_CLASS_DEFAULT;
  #saidAtMs = Number.NEGATIVE_INFINITY;
  #isTellingDue = false;

  constructor(options: ToldLatencyClassOptions) {
    this.#options = options;
  }

  set(value: LatencyClass): void {
    this.#value = value;
    this.#tell();
  }

  /** There is a new host, which has heard nothing yet. */
  hostChanged(): void {
    this.#saidValue = LATENCY_CLASS_DEFAULT;
    this.#tell();
  }

  #tell(): void {
    if (this.#value === this.#saidValue || this.#isTellingDue) return;
    const nowMs = this.#options.nowMs();
    const leftMs = this.#saidAtMs + LATENCY_CLASS_MS_MIN - nowMs;
    if (leftMs > 0) return this.#tellAfter(leftMs);
    this.#saidValue = this.#value;
    this.#saidAtMs = nowMs;
    this.#options.say(this.#value);
  }

  #tellAfter(ms: number): void {
    this.#isTellingDue = true;
    this.#options.after(ms, () => {
      this.#isTellingDue = false;
      this.#tell();
    });
  }
}

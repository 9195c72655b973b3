import type { Window, WindowFigures } from './guest-plan.ts';

/** Counts what finishes within a window, over all contexts of a guest. */
export class WindowTally {
  readonly #window: Window;
  readonly #latenciesMs: number[] = [];
  #longestSubmitMs: number | undefined;

  constructor(window: Window) {
    this.#window = window;
  }

  finished({ beganUs, endedUs, gpuMs }: { readonly beganUs: number; readonly endedUs: number; readonly gpuMs: number | undefined }): void {
    if (endedUs < this.#window.fromUs || endedUs >= this.#window.toUs) return;
    this.#latenciesMs.push((endedUs - beganUs) / 1000);
    if (gpuMs !== undefined) this.#longestSubmitMs = Math.max(this.#longestSubmitMs ?? 0, gpuMs);
  }

  get figures(): WindowFigures {
    const figures = { submitCount: this.#latenciesMs.length, latenciesMs: this.#latenciesMs };
    return this.#longestSubmitMs === undefined ? figures : { ...figures, longestSubmitMs: this.#longestSubmitMs };
  }
}

import type { ContextSlot } from '@gpup/vidmm';

/**
 * Publishes on the context's slot since when the oldest unfinished pipeline or shader module has been in the
 * making, and whose it is. Those that are made on the implementation's own threads leave the VF's thread free,
 * so that nothing else would tell of a compiler that does not return.
 */
export class CompileMeter {
  readonly #slot: ContextSlot | null;
  readonly #nowMs: () => number;
  /** Handles of their devices, the oldest first. */
  readonly #unfinished = new Set<{ readonly device: number }>();

  /** Null: nobody watches. */
  constructor(slot: ContextSlot | null, nowMs: () => number) {
    this.#slot = slot;
    this.#nowMs = nowMs;
  }

  /** Call what it returns once, when the compiler has returned. */
  begin(device: number): () => void {
    if (this.#slot === null) return nobodyWatches;
    const compile = { device };
    this.#unfinished.add(compile);
    if (this.#unfinished.size === 1) this.#publish();
    return () => this.#end(compile);
  }

  #end(compile: { readonly device: number }): void {
    const isOldest = this.#unfinished.values().next().value === compile;
    this.#unfinished.delete(compile);
    if (isOldest) this.#publish();
  }

  /** The oldest one is the next to finish from now on. */
  #publish(): void {
    const { value: oldest } = this.#unfinished.values().next();
    if (oldest === undefined) this.#slot?.compiled();
    else this.#slot?.compiling(this.#nowMs(), oldest.device);
  }
}

function nobodyWatches(): void {}

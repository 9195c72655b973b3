import type { HostMemory } from '@gpup/vidmm';
import { RECORDING_BYTES } from './host-cost.ts';
import type { VfLimits } from './limits.ts';
import type { PlannedStep } from './pass-plan.ts';

/** Who holds bundles, and how much. */
export interface BundleHolder {
  bundleCount: number;
  bundleWords: number;
}

/**
 * What the bundles of all recorded passes of a context hold. A pass that finds no room is played command
 * by command, so a guest that defines passes without end gets no memory for it.
 */
export class BundleAccount {
  readonly #limits: VfLimits;
  readonly #hostMemory: HostMemory;
  #count = 0;
  #words = 0;

  constructor(limits: VfLimits, hostMemory: HostMemory) {
    this.#limits = limits;
    this.#hostMemory = hostMemory;
  }

  get count(): number {
    return this.#count;
  }

  get words(): number {
    return this.#words;
  }

  /** False, with nothing reserved, where the limits do not allow it. */
  reserve(holder: BundleHolder, plan: readonly PlannedStep[]): boolean {
    let count = 0;
    let words = 0;
    for (const step of plan) {
      if (step.kind === 'direct') continue;
      count++;
      words += step.words.length;
    }
    if (this.#count + count > this.#limits.replayBundleCountMax || this.#words + words > this.#limits.replayBundleWordsMax) return false;
    if (!this.#hostMemory.tryCharge(hostBytesOf(count, words))) return false;
    holder.bundleCount = count;
    holder.bundleWords = words;
    this.#count += count;
    this.#words += words;
    return true;
  }

  release(holder: BundleHolder): void {
    this.#hostMemory.release(hostBytesOf(holder.bundleCount, holder.bundleWords));
    this.#count -= holder.bundleCount;
    this.#words -= holder.bundleWords;
    holder.bundleCount = 0;
    holder.bundleWords = 0;
  }
}

function hostBytesOf(count: number, words: number): number {
  return count * RECORDING_BYTES + words * 4;
}

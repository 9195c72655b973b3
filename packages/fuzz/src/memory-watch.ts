import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MIB = 2 ** 20;
/** What a target may hold from session to session, and what garbage may pile up before a look is due. */
const GROWTH_BYTES_MAX = 96 * MIB;
const INTERVAL_MS = 500;

/** Notices memory that stays: of this thread's heap, and of array buffers beside it. */
export class MemoryWatch {
  readonly #collect: () => void;
  #baselineBytes: number | null = null;
  #lookedAtMs = 0;

  constructor() {
    setFlagsFromString('--expose-gc');
    this.#collect = runInNewContext('gc') as () => void;
  }

  /** Null, or how much more there is than there was at first. A collection is made only when it is needed to tell. */
  complaint(): string | null {
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs < INTERVAL_MS) return null;
    this.#lookedAtMs = nowMs;
    if (this.#baselineBytes === null) {
      this.#baselineBytes = this.#liveBytes();
      return null;
    }
    if (heldBytes() - this.#baselineBytes < GROWTH_BYTES_MAX) return null;
    const grownBytes = this.#liveBytes() - this.#baselineBytes;
    if (grownBytes < GROWTH_BYTES_MAX) return null;
    this.#baselineBytes += grownBytes;
    return `${Math.round(grownBytes / MIB)} MiB more are held than at first`;
  }

  #liveBytes(): number {
    this.#collect();
    return heldBytes();
  }
}

function heldBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

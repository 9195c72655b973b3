import type { TdrObservation } from '@gpup/pf/tdr';
import { BusyWatch, type SlotView } from '@gpup/vidmm';

/** Looks that are further apart than this have missed too much: the machine, or all of its processes, stood still. */
const UNWATCHED_MS_MAX = 2_000;

export interface ContextSigns {
  /** Undefined: the context has no page. */
  readonly slot: SlotView | undefined;
  readonly pingedMs: number | null;
  readonly answeredMs: number;
}

/** What is seen of one context over several looks, a few a second. Times are those of the system's monotonic clock. */
export class ContextWatch {
  readonly #busy = new BusyWatch();
  #lookedMs = Number.POSITIVE_INFINITY;
  /** Nobody is blamed for what was before. */
  #watchedSinceMs = 0;
  #answeredMs = 0;
  #seenMs = 0;
  /** The ping that was seen without an answer last, and since when it has been. */
  #pingedMs: number | null = null;
  #pingSeenMs = 0;

  observe({ slot, pingedMs, answeredMs }: ContextSigns, nowMs: number): TdrObservation {
    if (nowMs - this.#lookedMs > UNWATCHED_MS_MAX) this.#watchedSinceMs = nowMs;
    this.#lookedMs = nowMs;
    this.#turnedRound(answeredMs);
    const threadSinceMs = slot === undefined ? null : this.#busy.observe(slot.packetSerial, nowMs);
    return {
      seenMs: this.#seenMs,
      submitSinceMs: this.#fromWatched(slot?.oldestSubmitMs ?? null),
      submitCount: slot?.oldestSubmitCount ?? 1,
      compileSinceMs: this.#fromWatched(slot?.compileSinceMs ?? null),
      threadSinceMs: this.#fromWatched(threadSinceMs),
      pingSinceMs: this.#fromWatched(slot === undefined ? pingedMs : this.#unansweredSince(pingedMs, nowMs)),
    };
  }

  /**
   * As packets are: by looks, late by at most the time between two. A VF that is in a long packet since just before it read its
   * ping would else be blamed for not answering, of which nobody knows the device, and not for the packet.
   */
  #unansweredSince(pingedMs: number | null, nowMs: number): number | null {
    if (pingedMs !== this.#pingedMs) this.#pingSeenMs = nowMs;
    this.#pingedMs = pingedMs;
    return pingedMs === null ? null : this.#pingSeenMs;
  }

  /** An answer may leave before the VF looks for what is done. Where a second one has come it has looked after the first. */
  #turnedRound(answeredMs: number): void {
    if (answeredMs === this.#answeredMs) return;
    this.#seenMs = this.#answeredMs;
    this.#answeredMs = answeredMs;
  }

  #fromWatched(sinceMs: number | null): number | null {
    return sinceMs === null ? null : Math.max(sinceMs, this.#watchedSinceMs);
  }
}

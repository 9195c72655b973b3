import { BusyWatch, type SlotView } from '@gpup/vidmm';
import type { Signs } from '@gpup/vidsch';

/** One that was seen inside of one command for so long is not waited for. */
const UNAWARE_US = 100_000;
/** Looks that are further apart than this tell nothing of what was in between. */
const LOOK_US_MAX = 50_000;

/**
 * What is known of a VF that does not say that its turn is over, by what it says on its slot. It may lie there: what it can
 * gain is that nobody waits for it, as if it had said that its turn is over.
 */
export class SilentVf {
  #busy = new BusyWatch();
  #lookedUs = 0;

  signs(slot: SlotView | undefined, nowUs: number): Signs {
    if (slot === undefined) return 'unfinished';
    if (slot.submitCount <= slot.completedCount) return 'finished';
    if (nowUs - this.#lookedUs > LOOK_US_MAX) this.#busy = new BusyWatch();
    this.#lookedUs = nowUs;
    const sinceUs = this.#busy.observe(slot.packetSerial, nowUs);
    return sinceUs !== null && nowUs - sinceUs > UNAWARE_US ? 'unaware' : 'unfinished';
  }
}

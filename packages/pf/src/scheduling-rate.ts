import { LATENCY_CLASS_MS_MIN } from '@gpup/vf/boot';

/** Lines that a VF may say of one turn: that it is wanted, idle and over. */
const LINES_PER_TURN = 3;
/** Far more than are ever on their way: whoever grants turns waits for the last one's end, or ends the VF. */
const TURN_LINES_MAX = 256;
/** So many that a host which has stood still for a minute does not take a changeable guest's VF for a bad one. */
const CLASS_LINES_MAX = 64;
/** A little faster than a VF says them: its clock may run so much faster than ours. */
const CLASS_LINE_MS = LATENCY_CLASS_MS_MIN * 0.8;

/**
 * How many lines about its scheduling a VF may say: those on turns follow from the turns that it was given, and the
 * others come a second apart. What is more comes from a VF that was taken over.
 */
export class SchedulingRate {
  #turnLines = 0;
  #classLines = CLASS_LINES_MAX;
  #classAtMs = 0;

  turnGranted(): void {
    this.#turnLines = Math.min(this.#turnLines + LINES_PER_TURN, TURN_LINES_MAX);
  }

  /** False: it is one too many. */
  takeTurn(): boolean {
    if (this.#turnLines === 0) return false;
    this.#turnLines -= 1;
    return true;
  }

  takeClass(nowMs: number): boolean {
    this.#classLines = Math.min(CLASS_LINES_MAX, this.#classLines + (nowMs - this.#classAtMs) / CLASS_LINE_MS);
    this.#classAtMs = nowMs;
    if (this.#classLines < 1) return false;
    this.#classLines -= 1;
    return true;
  }
}

import type { ContextSlot } from '@gpup/vidmm';

/** More than may be in flight: the guest is not read beyond `submitsInFlightMax`. */
const SUBMIT_COUNT_MAX = 256;

/**
 * Publishes on the context's slot how its submits get on. It is told the time once for each submit and
 * once for each answer that some are done; between answers nobody knows more.
 *
 * GPU time is the time in which the context had unfinished submits, as seen by their completion: on an
 * adapter that others use too it includes their share. A submit waits until the one before it has been
 * seen to complete.
 */
export class SubmitMeter {
  readonly #slot: ContextSlot;
  /** When each submit came, by its serial. */
  readonly #cameMs = new Float64Array(SUBMIT_COUNT_MAX);
  #submittedSerial = 0;
  #completedSerial = 0;
  /** Since when the oldest unfinished submit has been the next to finish. */
  #sinceMs = 0;

  constructor(slot: ContextSlot) {
    this.#slot = slot;
  }

  /** The implementation is given it next, which may take a while: whoever looks meanwhile sees that something is unfinished. */
  begins(serial: number): void {
    this.#slot.submitted(serial);
  }

  /** `cameMs`: since when the guest has been waiting. */
  submitted(serial: number, device: number, nowMs: number, cameMs = nowMs): void {
    this.#cameMs[serial % SUBMIT_COUNT_MAX] = cameMs;
    if (this.#completedSerial === this.#submittedSerial) {
      this.#sinceMs = nowMs;
      this.#slot.oldest(nowMs, device);
    }
    this.#submittedSerial = serial;
    this.#slot.submitted(serial);
  }

  /** The question that covers the oldest unfinished submit covers so many: none of them is seen to finish before all are. */
  oldestCovers(submitCount: number): void {
    this.#slot.oldestCovers(submitCount);
  }

  /** All submits up to `serial` are done. `guiltyDevice` has submitted the oldest one that is not, if there is one. */
  completed(serial: number, guiltyDevice: number, nowMs: number): void {
    for (let done = this.#completedSerial + 1; done <= serial; done++) {
      const cameMs = this.#cameMs[done % SUBMIT_COUNT_MAX] as number;
      this.#slot.latency(Math.max(0, this.#sinceMs - cameMs) * 1000, (nowMs - cameMs) * 1000);
    }
    this.#slot.gpuTime((nowMs - this.#sinceMs) * 1000);
    this.#slot.completed(serial);
    this.#completedSerial = serial;
    this.#sinceMs = nowMs;
    if (serial === this.#submittedSerial) this.#slot.drained();
    else this.#slot.oldest(nowMs, guiltyDevice);
  }
}

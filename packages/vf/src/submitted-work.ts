import type { VfLimits } from './limits.ts';

export interface SubmittedWorkOptions {
  readonly limits: VfLimits;
  /** All submits up to `serial` (mod 2^32) are done. */
  readonly publish: (serial: number) => void;
  /** Stop or go on reading the guest's commands. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Runs what follows a native promise; it decides what to do with exceptions. */
  readonly settled: (promise: Promise<unknown>, then: () => void) => void;
}

/** What one queue has been given and has not finished. */
interface QueueWork {
  readonly native: GPUQueue;
  /** Serial of its last submit that is done; raised to just before the next one when the queue was idle. */
  completedSerial: number;
  submittedSerial: number;
  submitCount: number;
  writtenBytes: number;
  isWatched: boolean;
}

/**
 * Work that the guest has submitted and the GPU has not finished, over all queues of a context.
 *
 * Submits are numbered through in the order of their packets, starting with 1, the failed ones
 * included. Each queue is asked for completion once at a time, for all that it has at that moment.
 *
 * A guest that submits faster than the GPU works is not read until some of it is done: otherwise the
 * backlog would grow in the implementation's memory.
 */
export class SubmittedWork {
  readonly #options: SubmittedWorkOptions;
  readonly #queues = new Map<GPUQueue, QueueWork>();
  #serial = 0;
  #published = 0;
  #submitCount = 0;
  #writtenBytes = 0;
  #isPaused = false;

  constructor(options: SubmittedWorkOptions) {
    this.#options = options;
  }

  get serial(): number {
    return this.#serial;
  }

  /** All submits up to this one are done. */
  get completedSerial(): number {
    return this.#published;
  }

  get isIdle(): boolean {
    return this.#queues.size === 0;
  }

  submitted(native: GPUQueue): void {
    const work = this.#workOf(native);
    work.submittedSerial = ++this.#serial;
    work.submitCount++;
    this.#submitCount++;
    this.#watch(work);
    this.#limit();
  }

  /**
   * Bytes on their way to the GPU outside of a submit, or on their way back: the implementation keeps
   * the memory of a destroyed object until the GPU has finished what was submitted before.
   */
  inFlight(native: GPUQueue, bytes: number): void {
    const work = this.#workOf(native);
    work.writtenBytes += bytes;
    this.#writtenBytes += bytes;
    // Small writes are consumed with the next submit, which asks for completion anyway.
    if (this.#writtenBytes > this.#options.limits.writeBytesInFlightMax / 4) this.#watch(work);
    this.#limit();
  }

  /** Nobody uses the queue any more: what it still has is waited for, and then it is forgotten. */
  abandon(native: GPUQueue): void {
    const work = this.#queues.get(native);
    if (work !== undefined) this.#watch(work);
  }

  #workOf(native: GPUQueue): QueueWork {
    let work = this.#queues.get(native);
    if (work === undefined) {
      work = { native, completedSerial: this.#serial, submittedSerial: this.#serial, submitCount: 0, writtenBytes: 0, isWatched: false };
      this.#queues.set(native, work);
    }
    return work;
  }

  #watch(work: QueueWork): void {
    if (work.isWatched) return;
    work.isWatched = true;
    const { submittedSerial, submitCount, writtenBytes } = work;
    // A lost device rejects or resolves: either way nothing of it is left to wait for.
    this.#options.settled(work.native.onSubmittedWorkDone(), () => {
      work.isWatched = false;
      work.completedSerial = submittedSerial;
      work.submitCount -= submitCount;
      work.writtenBytes -= writtenBytes;
      this.#submitCount -= submitCount;
      this.#writtenBytes -= writtenBytes;
      this.#advance(work);
    });
  }

  #advance(work: QueueWork): void {
    // What came meanwhile may be more than the limit allows: nothing else would ask for it again.
    if (work.submitCount > 0 || work.writtenBytes > 0) this.#watch(work);
    else this.#queues.delete(work.native);
    let completed = this.#serial;
    for (const { submitCount, completedSerial } of this.#queues.values()) {
      if (submitCount > 0) completed = Math.min(completed, completedSerial);
    }
    if (completed !== this.#published) {
      this.#published = completed;
      this.#options.publish(completed >>> 0);
    }
    this.#limit();
  }

  #limit(): void {
    const { submitsInFlightMax, writeBytesInFlightMax } = this.#options.limits;
    const isOver = this.#submitCount > submitsInFlightMax || this.#writtenBytes > writeBytesInFlightMax;
    if (isOver === this.#isPaused) return;
    this.#isPaused = isOver;
    if (isOver) this.#options.pause();
    else this.#options.resume();
  }
}

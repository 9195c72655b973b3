import type { HostMemory } from '@gpup/vidmm';
import type { VfLimits } from './limits.ts';
import type { SubmitMeter } from './submit-meter.ts';

export interface SubmittedWorkOptions {
  readonly limits: VfLimits;
  /** Charged for what is written to the GPU and not there yet. */
  readonly hostMemory: HostMemory;
  /** Null where nobody watches. */
  readonly meter: SubmitMeter | null;
  /** All submits up to `serial` (mod 2^32) are done. */
  readonly publish: (serial: number) => void;
  /** Stop or go on reading the guest's commands. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Runs what follows a native promise; it decides what to do with exceptions. */
  readonly settled: (promise: Promise<unknown>, then: () => void) => void;
  /** Calls back once what is at hand has been executed. */
  readonly soon: (callback: () => void) => void;
  /** The completion that was asked for just now is not expected within so many milliseconds. */
  readonly expect: (quietMs: number) => void;
  readonly nowMs: () => number;
}

/** Of the last questions: how many say what to expect of the next. */
const RECENT_COUNT = 4;
/** Of the shortest of them: work may become a little shorter from one time to the next. */
const QUIET_SHARE = 0.75;

/** What one queue has been given and has not finished. */
interface QueueWork {
  readonly native: GPUQueue;
  /** Handle of its device. */
  device: number;
  /** Serial of its oldest submit that is not done; says nothing while there is none. */
  oldestSerial: number;
  /** Serial of its first submit since it was last asked; 0: none. */
  unaskedSerial: number;
  submittedSerial: number;
  submitCount: number;
  writtenBytes: number;
  /** The part of these that the host holds. */
  stagedBytes: number;
  /** The completion that was asked for and has not come, and the last submit that it covers. */
  watch: { readonly done: Promise<unknown>; readonly serial: number; readonly mapCount: number } | null;
}

/** How long the last questions took to be answered. */
class RecentTimes {
  readonly #ms = new Float64Array(RECENT_COUNT);
  #next = 0;

  add(ms: number): void {
    this.#ms[this.#next] = ms;
    this.#next = (this.#next + 1) % RECENT_COUNT;
  }

  /** 0 until there were enough. */
  get leastMs(): number {
    let least = this.#ms[0] as number;
    for (let i = 1; i < RECENT_COUNT; i++) least = Math.min(least, this.#ms[i] as number);
    return least;
  }
}

/**
 * Work that the guest has submitted and the GPU has not finished, over all queues of a context.
 *
 * Submits are numbered through in the order of their packets, starting with 1, the failed ones
 * included. Each queue is asked for completion once at a time, for all that it has at that moment: when
 * the packets at hand have been executed, as each question costs about as much as a small submit.
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
  /** Queues with something that nobody has asked for yet. */
  readonly #unwatched = new Set<QueueWork>();
  readonly #recent = new RecentTimes();
  #mapCount = 0;
  readonly #watchUnwatchedBound = (): void => this.#watchUnwatched();

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

  /** `device` is the handle of the queue's device. */
  submitted(native: GPUQueue, device: number): void {
    const work = this.#workOf(native);
    const serial = ++this.#serial;
    work.device = device;
    work.submittedSerial = serial;
    if (work.submitCount++ === 0) work.oldestSerial = serial;
    if (work.watch !== null && work.unaskedSerial === 0) work.unaskedSerial = serial;
    this.#submitCount++;
    this.#options.meter?.submitted(serial, device, this.#options.nowMs());
    if (work.watch === null) this.#watchSoon(work);
    this.#limit();
  }

  /** Bytes on their way to the GPU outside of a submit: the implementation holds a copy until they are there. */
  written(native: GPUQueue, bytes: number): void {
    this.#options.hostMemory.charge(bytes);
    this.#workOf(native).stagedBytes += bytes;
    this.inFlight(native, bytes);
  }

  /** A buffer is to be mapped: completions that are asked for from now on are to come after that. */
  mapRequested(): void {
    this.#mapCount++;
  }

  /**
   * Resolves, or rejects, when the queue is done with what it has been given so far, and after the maps that
   * were requested before: https://gpuweb.github.io/gpuweb/#promise-ordering
   */
  done(native: GPUQueue): Promise<unknown> {
    const work = this.#queues.get(native);
    // An idle queue is asked all the same: it knows of what others have given it.
    if (work === undefined || work.submitCount === 0) return native.onSubmittedWorkDone();
    if (work.watch === null) this.#watch(work);
    const { watch } = work;
    const covers = watch !== null && watch.serial === work.submittedSerial && watch.mapCount === this.#mapCount;
    return covers ? watch.done : native.onSubmittedWorkDone();
  }

  /**
   * Bytes that the GPU may still use: the implementation keeps the memory of a destroyed object until
   * the GPU has finished what was submitted before.
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
      work = { native, device: 0, oldestSerial: 0, unaskedSerial: 0, submittedSerial: this.#serial, submitCount: 0, writtenBytes: 0, stagedBytes: 0, watch: null };
      this.#queues.set(native, work);
    }
    return work;
  }

  #watchSoon(work: QueueWork): void {
    this.#unwatched.add(work);
    if (this.#unwatched.size === 1) this.#options.soon(this.#watchUnwatchedBound);
  }

  #watchUnwatched(): void {
    for (const work of this.#unwatched) this.#watch(work);
  }

  #watch(work: QueueWork): void {
    if (work.watch !== null) return;
    this.#unwatched.delete(work);
    work.unaskedSerial = 0;
    const { submittedSerial, submitCount, writtenBytes, stagedBytes } = work;
    const startMs = this.#options.nowMs();
    const done = work.native.onSubmittedWorkDone();
    work.watch = { done, serial: submittedSerial, mapCount: this.#mapCount };
    this.#options.expect(this.#recent.leastMs * QUIET_SHARE);
    // A lost device rejects or resolves: either way nothing of it is left to wait for.
    this.#options.settled(done, () => {
      work.watch = null;
      const nowMs = this.#options.nowMs();
      this.#recent.add(nowMs - startMs);
      work.oldestSerial = work.unaskedSerial;
      work.submitCount -= submitCount;
      work.writtenBytes -= writtenBytes;
      work.stagedBytes -= stagedBytes;
      this.#options.hostMemory.release(stagedBytes);
      this.#submitCount -= submitCount;
      this.#writtenBytes -= writtenBytes;
      this.#advance(work, nowMs);
    });
  }

  #advance(work: QueueWork, nowMs: number): void {
    // What came meanwhile may be more than the limit allows: nothing else would ask for it again.
    if (work.submitCount > 0 || work.writtenBytes > 0) this.#watch(work);
    else this.#queues.delete(work.native);
    this.#publish(nowMs);
    this.#limit();
  }

  #publish(nowMs: number): void {
    let completed = this.#serial;
    let guiltyDevice = 0;
    for (const { submitCount, oldestSerial, device } of this.#queues.values()) {
      if (submitCount === 0 || oldestSerial > completed) continue;
      completed = oldestSerial - 1;
      guiltyDevice = device;
    }
    if (completed === this.#published) return;
    this.#published = completed;
    this.#options.publish(completed >>> 0);
    this.#options.meter?.completed(completed, guiltyDevice, nowMs);
  }

  #limit(): void {
    const { submitsInFlightMax, writeBytesInFlightMax } = this.#options.limits;
    const isOver = this.#submitCount > submitsInFlightMax || this.#writtenBytes > writeBytesInFlightMax;
    if (isOver && this.#unwatched.size > 0) this.#watchUnwatched();
    if (isOver === this.#isPaused) return;
    this.#isPaused = isOver;
    if (isOver) this.#options.pause();
    else this.#options.resume();
  }
}

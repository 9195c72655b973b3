import { type HostMemory, SUBMITS_PER_QUESTION_MAX } from '@gpup/vidmm';
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
  /** Submits have finished. */
  readonly progressed: () => void;
  /** The completion that was asked for just now is not expected within so many milliseconds. */
  readonly expect: (quietMs: number) => void;
  readonly nowMs: () => number;
}

/** Of the last questions: how many say what to expect of the next. */
const RECENT_COUNT = 4;
/** Of the shortest of them: work may become a little shorter from one time to the next. */
const QUIET_SHARE = 0.75;

/** An amount of work of one queue. */
interface Share {
  /** Serial of its first submit; 0: it has none. */
  firstSerial: number;
  submitCount: number;
  writtenBytes: number;
  /** The part of these that the host holds. */
  stagedBytes: number;
}

function noWork(): Share {
  return { firstSerial: 0, submitCount: 0, writtenBytes: 0, stagedBytes: 0 };
}

/** A completion that was asked for and has not come. */
interface Watch {
  readonly done: Promise<unknown>;
  readonly share: Share;
  readonly mapCount: number;
}

/** What one queue has been given and has not finished. */
interface QueueWork {
  readonly native: GPUQueue;
  /** Handle of its device. */
  device: number;
  /** In the order in which they are answered. */
  readonly watches: Watch[];
  /** What came after the last question. */
  unasked: Share;
  /** When the last answer came. */
  answeredMs: number;
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

/** An average over the last answers, in which the latest count most. */
const PACE_SHARE_KEPT = 0.75;

/** How long a submit takes, as the answers of late have it: the time between them, over the submits that they spoke of. */
class Pace {
  #ms = 0;
  #count = 0;

  add(ms: number, submitCount: number): void {
    this.#ms = this.#ms * PACE_SHARE_KEPT + ms;
    this.#count = this.#count * PACE_SHARE_KEPT + submitCount;
  }

  /** Infinity until there was an answer. */
  get submitMs(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : this.#ms / this.#count;
  }
}

/**
 * Work that the guest has submitted and the GPU has not finished, over all queues of a context.
 *
 * Submits are numbered through in the order of their packets, starting with 1, the failed ones
 * included. Each queue is asked for completion once at a time, for all that it has at that moment: when
 * the packets at hand have been executed, as each question costs about as much as a small submit. Only
 * where many submits wait for a question there is one more, as an answer tells nothing of each: whoever
 * watches would else take many short ones for a long one.
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
  readonly #pace = new Pace();
  #idleSinceMs = 0;
  /** The question that is answered next: since when its submits are worked on, and how many these are. Infinity: there is none. */
  #headSinceMs = Number.POSITIVE_INFINITY;
  #headCount = 0;
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

  get unfinishedCount(): number {
    return this.#submitCount;
  }

  /** When the last unfinished submit has finished. */
  get idleSinceMs(): number {
    return this.#idleSinceMs;
  }

  /**
   * How long the unfinished submits will take at the pace of late, or at that of the ones which are worked on, if it
   * turns out to be slower. Infinity: nothing is known.
   */
  remainingMs(nowMs: number): number {
    if (this.#submitCount === 0) return 0;
    const spentMs = Math.max(0, nowMs - this.#headSinceMs);
    const submitMs = Math.max(this.#pace.submitMs, spentMs / Math.max(1, this.#headCount));
    return this.#submitCount * submitMs - spentMs;
  }

  /** The next submit is about to be given to the implementation. */
  begins(): void {
    this.#options.meter?.begins(this.#serial + 1);
  }

  /** `device` is the handle of the queue's device. `cameMs`: since when the guest has been waiting, where it is not since now. */
  submitted(native: GPUQueue, device: number, cameMs?: number): void {
    const work = this.#workOf(native);
    const serial = ++this.#serial;
    const { unasked } = work;
    work.device = device;
    if (unasked.submitCount++ === 0) unasked.firstSerial = serial;
    this.#submitCount++;
    this.#options.meter?.submitted(serial, device, this.#options.nowMs(), cameMs);
    if (unasked.submitCount === SUBMITS_PER_QUESTION_MAX) this.#watch(work);
    else if (work.watches.length === 0) this.#watchSoon(work);
    this.#limit();
  }

  /** Bytes on their way to the GPU outside of a submit: the implementation holds a copy until they are there. */
  written(native: GPUQueue, bytes: number): void {
    this.#options.hostMemory.charge(bytes);
    this.#workOf(native).unasked.stagedBytes += bytes;
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
    if (work === undefined || !hasSubmits(work)) return native.onSubmittedWorkDone();
    if (work.watches.length === 0) this.#watch(work);
    const last = work.watches.at(-1);
    const covers = last !== undefined && work.unasked.submitCount === 0 && last.mapCount === this.#mapCount;
    return covers ? last.done : native.onSubmittedWorkDone();
  }

  /**
   * Bytes that the GPU may still use: the implementation keeps the memory of a destroyed object until
   * the GPU has finished what was submitted before.
   */
  inFlight(native: GPUQueue, bytes: number): void {
    const work = this.#workOf(native);
    work.unasked.writtenBytes += bytes;
    this.#writtenBytes += bytes;
    // Small writes are consumed with the next submit, which asks for completion anyway.
    if (this.#writtenBytes > this.#options.limits.writeBytesInFlightMax / 4) this.#watchFirst(work);
    this.#limit();
  }

  /** Nobody uses the queue any more: what it still has is waited for, and then it is forgotten. */
  abandon(native: GPUQueue): void {
    const work = this.#queues.get(native);
    if (work !== undefined) this.#watchFirst(work);
  }

  #workOf(native: GPUQueue): QueueWork {
    let work = this.#queues.get(native);
    if (work === undefined) {
      work = { native, device: 0, watches: [], unasked: noWork(), answeredMs: 0 };
      this.#queues.set(native, work);
    }
    return work;
  }

  #watchSoon(work: QueueWork): void {
    this.#unwatched.add(work);
    if (this.#unwatched.size === 1) this.#options.soon(this.#watchUnwatchedBound);
  }

  #watchUnwatched(): void {
    for (const work of this.#unwatched) this.#watchFirst(work);
  }

  /** Where there is no question yet: its answer leads to the next one. */
  #watchFirst(work: QueueWork): void {
    this.#unwatched.delete(work);
    if (work.watches.length === 0) this.#watch(work);
  }

  #watch(work: QueueWork): void {
    this.#unwatched.delete(work);
    const share = work.unasked;
    work.unasked = noWork();
    const watch = { done: work.native.onSubmittedWorkDone(), share, mapCount: this.#mapCount };
    work.watches.push(watch);
    // The next answer is an earlier question's, if there is one.
    if (work.watches.length === 1) this.#expectAnswer();
    this.#tellCover(work);
    const askedMs = this.#options.nowMs();
    if (work.watches.length === 1) this.#head(askedMs, share.submitCount);
    // A lost device rejects or resolves: either way nothing of it is left to wait for.
    this.#options.settled(watch.done, () => {
      const nowMs = this.#options.nowMs();
      const tookMs = nowMs - Math.max(askedMs, work.answeredMs);
      this.#recent.add(tookMs);
      work.answeredMs = nowMs;
      work.watches.splice(work.watches.indexOf(watch), 1);
      this.#options.hostMemory.release(share.stagedBytes);
      this.#submitCount -= share.submitCount;
      this.#writtenBytes -= share.writtenBytes;
      this.#advance(work, nowMs);
      if (share.submitCount > 0) this.#finished(share.submitCount, tookMs, nowMs);
    });
  }

  #head(sinceMs: number, submitCount: number): void {
    this.#headSinceMs = sinceMs;
    this.#headCount = submitCount;
  }

  #finished(submitCount: number, tookMs: number, nowMs: number): void {
    this.#pace.add(tookMs, submitCount);
    if (this.#submitCount === 0) {
      this.#idleSinceMs = nowMs;
      this.#headSinceMs = Number.POSITIVE_INFINITY;
    }
    this.#options.progressed();
  }

  #expectAnswer(): void {
    this.#options.expect(this.#recent.leastMs * QUIET_SHARE);
  }

  #advance(work: QueueWork, nowMs: number): void {
    const { watches, unasked } = work;
    this.#head(nowMs, watches[0]?.share.submitCount ?? 0);
    if (watches.length > 0) this.#expectAnswer();
    // What came meanwhile may be more than the limit allows: nothing else would ask for it again.
    else if (unasked.submitCount > 0 || unasked.writtenBytes > 0) this.#watch(work);
    else this.#queues.delete(work.native);
    this.#publish(nowMs);
    this.#limit();
  }

  #publish(nowMs: number): void {
    let completed = this.#serial;
    let guilty: QueueWork | null = null;
    for (const work of this.#queues.values()) {
      const serial = oldestOf(work)?.firstSerial ?? Number.POSITIVE_INFINITY;
      if (serial > completed) continue;
      completed = serial - 1;
      guilty = work;
    }
    if (completed === this.#published) return;
    this.#published = completed;
    this.#options.publish(completed >>> 0);
    this.#options.meter?.completed(completed, guilty?.device ?? 0, nowMs);
    if (guilty !== null) this.#tellCover(guilty);
  }

  /** To whoever watches the oldest submit, if it is this queue's. */
  #tellCover(work: QueueWork): void {
    const oldest = oldestOf(work);
    if (oldest?.firstSerial === this.#published + 1) this.#options.meter?.oldestCovers(oldest.submitCount);
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

/** The share of the queue's oldest submit; undefined: it has none. */
function oldestOf({ watches, unasked }: QueueWork): Share | undefined {
  return watches.find(({ share }) => share.submitCount > 0)?.share ?? (unasked.submitCount > 0 ? unasked : undefined);
}

function hasSubmits(work: QueueWork): boolean {
  return oldestOf(work) !== undefined;
}

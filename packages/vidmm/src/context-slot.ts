import { assert } from '@gpup/base';
import type { Budget } from './budget.ts';
import { bucketOf } from './histogram.ts';
import { HEADER, pageDefect, type PageWords, SLOT, slotWord, viewPage } from './page-layout.ts';
import { type PartitionFigures, partitionFigures } from './partition-figures.ts';
import { HOST_WORDS, SlotBudget, VIDEO_WORDS } from './slot-budget.ts';

export interface ContextSlotOptions {
  /** Of the page, which the daemon has made. */
  readonly buffer: ArrayBufferLike;
  readonly slotIndex: number;
  /** Added to the caller's milliseconds to have the system's monotonic clock. */
  readonly clockOffsetMs?: number;
}

/**
 * A context's own slot on its partition's page: a VF writes what its daemon shows, watches and limits.
 *
 * All of it but the budgets is a store of a number: a packet costs two, a submit four. Nothing allocates,
 * and the slot reads no clock: the daemon, not the VF, times how long a packet takes.
 */
export class ContextSlot {
  /** The partition's budget of video memory. */
  readonly video: Budget;
  /** The partition's budget of what guests can make the host hold. */
  readonly host: Budget;
  readonly #page: PageWords;
  readonly #float: Float64Array;
  readonly #base: number;
  readonly #clockOffsetMs: number;

  constructor({ buffer, slotIndex, clockOffsetMs = 0 }: ContextSlotOptions) {
    const defect = pageDefect(buffer);
    if (defect !== null) throw new Error(defect);
    const page = viewPage(buffer);
    assert(Number.isInteger(slotIndex) && slotIndex >= 0 && slotIndex < Atomics.load(page.int, HEADER.slotCountHalf));
    this.video = new SlotBudget(page, slotIndex, VIDEO_WORDS);
    this.host = new SlotBudget(page, slotIndex, HOST_WORDS);
    this.#page = page;
    this.#float = page.float;
    this.#base = slotWord(slotIndex);
    this.#clockOffsetMs = clockOffsetMs;
  }

  /** Of the whole partition, as its contexts say. */
  partition(): PartitionFigures {
    return partitionFigures(this.#page);
  }

  /** Call it before a packet is executed and after it. */
  packetBoundary(): void {
    this.#add(SLOT.packetSerial, 1);
  }

  submitted(serial: number): void {
    this.#set(SLOT.submitSerial, serial);
  }

  completed(serial: number): void {
    this.#set(SLOT.completedSerial, serial);
  }

  /** The oldest unfinished submit is the next to finish since `sinceMs`. */
  oldest(sinceMs: number, guiltyDevice: number): void {
    this.#set(SLOT.guiltyDevice, guiltyDevice);
    this.#set(SLOT.oldestSubmitCount, 1);
    this.#set(SLOT.oldestSubmitMs, sinceMs + this.#clockOffsetMs);
  }

  /** So many submits finish as one, as far as can be told: the oldest, and those that were asked about together with it. */
  oldestCovers(submitCount: number): void {
    this.#set(SLOT.oldestSubmitCount, submitCount);
  }

  /** No submit is unfinished. */
  drained(): void {
    this.#set(SLOT.oldestSubmitMs, 0);
    this.#set(SLOT.guiltyDevice, 0);
  }

  /** The oldest unfinished pipeline or shader module is the next to finish since `sinceMs`. */
  compiling(sinceMs: number, device: number): void {
    this.#set(SLOT.compileDevice, device);
    this.#set(SLOT.compileSinceMs, sinceMs + this.#clockOffsetMs);
  }

  /** None is unfinished. */
  compiled(): void {
    this.#set(SLOT.compileSinceMs, 0);
    this.#set(SLOT.compileDevice, 0);
  }

  /** The queues had unfinished work for so long. */
  gpuTime(us: number): void {
    this.#add(SLOT.gpuTimeUs, us);
  }

  /** One submit has completed: how long it waited for those before it, and how long it took in all. */
  latency(queueWaitUs: number, submitLatencyUs: number): void {
    this.#add(SLOT.queueWaitUs + bucketOf(queueWaitUs), 1);
    this.#add(SLOT.submitLatencyUs + bucketOf(submitLatencyUs), 1);
  }

  faulted(): void {
    this.#add(SLOT.faultCount, 1);
  }

  /** The VF's thread got round to answering. */
  beat(): void {
    this.#add(SLOT.heartbeat, 1);
  }

  #set(word: number, value: number): void {
    this.#float[this.#base + word] = value;
  }

  #add(word: number, value: number): void {
    (this.#float[this.#base + word] as number) += value;
  }
}

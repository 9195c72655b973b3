import { BUCKET_COUNT, loadBytes, loadCount, type PageWords, SLOT, SUBMITS_PER_QUESTION_MAX } from './page-layout.ts';

/** What a context has counted since it began. */
export interface Counts {
  readonly gpuTimeUs: number;
  readonly submitCount: number;
  readonly completedCount: number;
  readonly faultCount: number;
  /** Bucket i counts what took less than 2^i us and no less than the bucket before; the last one all else. */
  readonly queueWaitUs: readonly number[];
  readonly submitLatencyUs: readonly number[];
}

/** A slot as a VF says it is, in numbers that can be counted with; they need not be true. */
export interface SlotView extends Counts {
  /** 0: nobody has it. */
  readonly vfPid: number;
  readonly vramBytes: number;
  readonly hostBytes: number;
  /** Since when the oldest unfinished submit has been the next to finish, on the system's monotonic clock; null: none is unfinished. */
  readonly oldestSubmitMs: number | null;
  /** So many submits finish as one, as far as the VF can tell: the oldest and others behind it. */
  readonly oldestSubmitCount: number;
  /** Handle of the oldest submit's device. */
  readonly guiltyDevice: number;
  /** Since when the oldest unfinished pipeline or shader module has been the next to finish; null: none is unfinished. */
  readonly compileSinceMs: number | null;
  /** Handle of its device. */
  readonly compileDevice: number;
  /** Odd inside of a packet: for a BusyWatch. */
  readonly packetSerial: number;
  readonly heartbeat: number;
}

export function readSlot({ big, float }: PageWords, base: number): SlotView {
  const count = (word: number): number => loadCount(float, base + word);
  return {
    ...readCounts(float, base),
    vfPid: count(SLOT.vfPid),
    vramBytes: loadBytes(big, base + SLOT.usedBytes),
    hostBytes: loadBytes(big, base + SLOT.hostUsedBytes),
    oldestSubmitMs: count(SLOT.oldestSubmitMs) || null,
    oldestSubmitCount: Math.min(Math.max(1, count(SLOT.oldestSubmitCount)), SUBMITS_PER_QUESTION_MAX),
    guiltyDevice: count(SLOT.guiltyDevice),
    compileSinceMs: count(SLOT.compileSinceMs) || null,
    compileDevice: count(SLOT.compileDevice),
    packetSerial: count(SLOT.packetSerial),
    heartbeat: count(SLOT.heartbeat),
  };
}

export function readCounts(float: Float64Array, base: number): Counts {
  const buckets = (word: number): number[] => Array.from({ length: BUCKET_COUNT }, (_, i) => loadCount(float, base + word + i));
  return {
    gpuTimeUs: loadCount(float, base + SLOT.gpuTimeUs),
    submitCount: loadCount(float, base + SLOT.submitSerial),
    completedCount: loadCount(float, base + SLOT.completedSerial),
    faultCount: loadCount(float, base + SLOT.faultCount),
    queueWaitUs: buckets(SLOT.queueWaitUs),
    submitLatencyUs: buckets(SLOT.submitLatencyUs),
  };
}

export function writeCounts(float: Float64Array, base: number, counts: Counts): void {
  float[base + SLOT.gpuTimeUs] = counts.gpuTimeUs;
  float[base + SLOT.submitSerial] = counts.submitCount;
  float[base + SLOT.completedSerial] = counts.completedCount;
  float[base + SLOT.faultCount] = counts.faultCount;
  float.set(counts.queueWaitUs, base + SLOT.queueWaitUs);
  float.set(counts.submitLatencyUs, base + SLOT.submitLatencyUs);
}

export function addCounts(a: Counts, b: Counts): Counts {
  const add = (x: number, y: number): number => Math.min(x + y, Number.MAX_SAFE_INTEGER);
  const addAll = (x: readonly number[], y: readonly number[]): number[] => x.map((value, i) => add(value, y[i] as number));
  return {
    gpuTimeUs: add(a.gpuTimeUs, b.gpuTimeUs),
    submitCount: add(a.submitCount, b.submitCount),
    completedCount: add(a.completedCount, b.completedCount),
    faultCount: add(a.faultCount, b.faultCount),
    queueWaitUs: addAll(a.queueWaitUs, b.queueWaitUs),
    submitLatencyUs: addAll(a.submitLatencyUs, b.submitLatencyUs),
  };
}

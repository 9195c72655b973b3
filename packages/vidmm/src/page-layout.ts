import { assert } from '@gpup/base';

/**
 * What lies where on a partition page: a header, one record for what ended contexts have counted, and a
 * slot for each context. Everything is a record of the same size.
 *
 * A page is shared by the daemon and the VFs of one partition, and never by a guest. Indexes below are in
 * 64-bit words from the start of a record. Three views show the same memory:
 *   - BigInt64, by Atomics: budgets and what is used of them, where the order of stores and loads is what
 *     keeps a budget (see slot-budget.ts);
 *   - Float64: what has one writer and is only shown. A whole number up to 2^53 is exact, a store is one
 *     instruction, and unlike a BigInt it allocates nothing on the path of a packet;
 *   - Int32, by Atomics: marks.
 */
export const RECORD_WORDS = 128;
export const RECORD_BYTES = RECORD_WORDS * 8;

/** 'GPPG' in memory. */
export const PAGE_MAGIC = 0x47505047;
export const PAGE_VERSION = 1;

/** Contexts of one partition. */
export const SLOT_COUNT_MAX = 64;

/** No byte count on a page is larger (64 TiB): sums over all slots stay exact, and a hostile one stays a number. As a budget it stands for none. */
export const BYTES_MAX = 2 ** 46;

/** Header: the daemon alone writes. Int32 words are in half words. */
export const HEADER = {
  magicHalf: 0,
  versionHalf: 1,
  slotCountHalf: 2,
  /** Slots from here on were never used: sums end here. */
  usedSlotCountHalf: 3,
  /** (BigInt64) */
  budgetBytes: 2,
  /** (BigInt64) */
  hostBudgetBytes: 3,
  peakBytes: 4,
  /** Timeouts of the partition. */
  tdrCount: 5,
} as const;

/** Histograms have power-of-two buckets of microseconds. */
export const BUCKET_COUNT = 32;

/** A slot. The daemon writes `vfPid`, the VF all else. Three cache lines: seldom, each packet, each allocation. */
export const SLOT = {
  vfPid: 0,
  faultCount: 1,
  heartbeat: 2,
  submitSerial: 3,
  completedSerial: 4,
  gpuTimeUs: 5,
  /** On the system's monotonic clock; 0: none is unfinished. */
  oldestSubmitMs: 6,
  /** Handle of that submit's device. */
  guiltyDevice: 7,
  /** Odd while a packet is being executed. */
  packetSerial: 8,
  /** The oldest submit and those behind it whose completion shows together with its own. 0, of an older VF: one. */
  oldestSubmitCount: 9,
  /** Since when the oldest unfinished pipeline or shader module has been the next to finish, on the same clock; 0: none is unfinished. */
  compileSinceMs: 10,
  /** Handle of its device. */
  compileDevice: 11,
  /** (BigInt64) */
  usedBytes: 16,
  /** (BigInt64) */
  hostUsedBytes: 17,
  /** Most of the partition's budget in use that this context has seen. */
  seenPeakBytes: 18,
  /** (Int32) 1 while `usedBytes` includes what may be refused yet. */
  reservingHalf: 40,
  /** (Int32) The same for `hostUsedBytes`. */
  hostReservingHalf: 41,
  queueWaitUs: 32,
  submitLatencyUs: 32 + BUCKET_COUNT,
} as const;

/** Submits whose completion is asked for by one question, at most: an answer tells nothing of each. */
export const SUBMITS_PER_QUESTION_MAX = 8;

/** A system page, as memory is mapped. */
const GRANULE_BYTES = 4096;

export function pageBytes(slotCount: number): number {
  assert(Number.isInteger(slotCount) && slotCount > 0 && slotCount <= SLOT_COUNT_MAX);
  return Math.ceil(((2 + slotCount) * RECORD_BYTES) / GRANULE_BYTES) * GRANULE_BYTES;
}

/** A page's memory, by each kind of word. */
export interface PageWords {
  readonly big: BigInt64Array;
  readonly float: Float64Array;
  readonly int: Int32Array;
}

export function viewPage(buffer: ArrayBufferLike): PageWords {
  return { big: new BigInt64Array(buffer), float: new Float64Array(buffer), int: new Int32Array(buffer) };
}

/** First word of the record of ended contexts. */
export const RETIRED_WORD = RECORD_WORDS;

/** First word of a slot. */
export function slotWord(slotIndex: number): number {
  return (2 + slotIndex) * RECORD_WORDS;
}

/** What is wrong with a page's header, or null. */
export function pageDefect(buffer: ArrayBufferLike): string | null {
  if (buffer.byteLength < 2 * RECORD_BYTES || buffer.byteLength % 8 !== 0) return `Partition page size (${buffer.byteLength} bytes) is that of no page.`;
  const { int } = viewPage(buffer);
  const [magic, version, slotCount] = [HEADER.magicHalf, HEADER.versionHalf, HEADER.slotCountHalf].map((half) => Atomics.load(int, half)) as [number, number, number];
  if (magic !== PAGE_MAGIC) return `Partition page magic (0x${(magic >>> 0).toString(16)}) is not 0x${PAGE_MAGIC.toString(16)}.`;
  if (version !== PAGE_VERSION) return `Partition page version (${version}) is not ${PAGE_VERSION}.`;
  if (slotCount < 1 || slotCount > SLOT_COUNT_MAX) return `Partition page slot count (${slotCount}) is outside of 1 to ${SLOT_COUNT_MAX}.`;
  if (pageBytes(slotCount) !== buffer.byteLength) return `Partition page size (${buffer.byteLength} bytes) is not that of ${slotCount} slots (${pageBytes(slotCount)} bytes).`;
  return null;
}

/** A budget as it stands on a page. */
export function budgetWord(limitBytes: number | undefined): bigint {
  return BigInt(Math.min(limitBytes ?? BYTES_MAX, BYTES_MAX));
}

/** Clamped: whatever stands there is a number of bytes. */
export function loadBytes(big: BigInt64Array, word: number): number {
  const bytes = Number(Atomics.load(big, word));
  return bytes < 0 ? 0 : Math.min(bytes, BYTES_MAX);
}

/** Clamped: whatever stands there is a whole number that can be counted with. */
export function loadCount(float: Float64Array, word: number): number {
  const value = float[word] as number;
  // NaN is not above 0 either.
  return value > 0 ? Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER) : 0;
}

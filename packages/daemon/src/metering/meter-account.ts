/**
 * How much a partition has used, worked out from readings of its page. All of a page's counters are the word of VFs, one of
 * which may have been taken over: an account only rises, and never faster than contexts can use an adapter.
 */

/** What a page says at a moment. */
export interface Reading {
  /** Which page: another one counts from zero. */
  readonly page: string;
  /** On the system's monotonic clock, which goes on over a restart of the daemon, and pages do not outlive it. */
  readonly atUs: number;
  readonly gpuTimeUs: number;
  readonly vramBytes: number;
  readonly contextCount: number;
}

/** In whole numbers, whose sums are exact in any order: a total never falls because its parts were added up differently. */
export interface Amounts {
  readonly gpuTimeUs: number;
  /** Video memory in use times time, in VRAM_UNIT_BYTE_SECONDS. */
  readonly vramUnits: number;
}

/** 64 KiB for a second. A double counts 2^53 of them exactly: a TiB for seventeen years. */
export const VRAM_UNIT_BYTE_SECONDS = 65_536;

export interface Account extends Amounts {
  /** Less than one unit that is not counted yet. */
  readonly vramRest: number;
  /** Time of contexts that has gone by and has not been charged: a submit counts when it ends, all at once. */
  readonly allowanceUs: number;
  /** Null before the first one. */
  readonly last: Reading | null;
}

export const EMPTY_ACCOUNT: Account = { gpuTimeUs: 0, vramUnits: 0, vramRest: 0, allowanceUs: 0, last: null };

/** The longest that one submit may be counted in one: TdrDelay is no longer than an hour (packages/pf/src/limits.ts). */
const ALLOWANCE_US_MAX = 3_600_000_000;

export function advance(account: Account, reading: Reading): Account {
  const from = startOf(account.last, reading);
  const elapsedUs = Math.max(0, reading.atUs - from.atUs);
  const contextCount = Math.max(1, from.contextCount, reading.contextCount);
  const allowanceUs = Math.min(account.allowanceUs + elapsedUs * contextCount, ALLOWANCE_US_MAX * contextCount);
  const chargedUs = Math.min(Math.max(0, reading.gpuTimeUs - from.gpuTimeUs), allowanceUs);
  // What comes and goes between two readings is not seen; what is there at both is.
  const heldByteSeconds = (((from.vramBytes + reading.vramBytes) / 2) * elapsedUs) / 1e6;
  const held = account.vramRest + heldByteSeconds / VRAM_UNIT_BYTE_SECONDS;
  return {
    gpuTimeUs: account.gpuTimeUs + chargedUs,
    vramUnits: account.vramUnits + Math.floor(held),
    vramRest: held - Math.floor(held),
    allowanceUs: allowanceUs - chargedUs,
    last: reading,
  };
}

/** A new page follows at once upon the one before, or upon nothing. */
function startOf(last: Reading | null, reading: Reading): Reading {
  if (last?.page === reading.page) return last;
  return { ...reading, atUs: last?.atUs ?? reading.atUs, gpuTimeUs: 0, vramBytes: 0 };
}

/** How many timeouts a partition may have: TdrLimitCount within TdrLimitTime. The next one blocks it. */

export interface TdrCountLimits {
  readonly limitCount: number;
  readonly limitTimeMs: number;
}

/** 5 in 60 s, the sixth blocks: Windows' defaults, where the sixth stops the machine. */
export const TDR_COUNT_DEFAULTS: TdrCountLimits = { limitCount: 5, limitTimeMs: 60_000 };

/**
 * Times of a partition's latest timeouts on a monotonic clock, the oldest first. Never more than limitCount + 1. Plain data.
 * Unblocking a partition starts it anew from NO_TDRS.
 */
export type TdrTimes = readonly number[];

export const NO_TDRS: TdrTimes = [];

export interface TdrCounted {
  readonly times: TdrTimes;
  /** Whether this timeout is one too many. */
  readonly blocks: boolean;
}

/** One that is exactly limitTimeMs old still counts. */
export function countTdr(times: TdrTimes, nowMs: number, { limitCount, limitTimeMs }: TdrCountLimits): TdrCounted {
  const recent = [...times.filter((timeMs) => nowMs - timeMs <= limitTimeMs), nowMs].slice(-(limitCount + 1));
  return { times: recent, blocks: recent.length > limitCount };
}

/** For the operator, and for guests that are refused. */
export function blockedReason({ limitCount, limitTimeMs }: TdrCountLimits): string {
  return `More than ${limitCount} timeouts within ${limitTimeMs / 1000} s.`;
}

/** The system's monotonic clock: the same in every process of this machine. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint()) / 1000;
}

/** So far the monotonic clock is ahead of `performance.now()`, to the microsecond. */
export function monotonicAheadMs(): number {
  let aheadMs = Number.NEGATIVE_INFINITY;
  // The clocks are read one after the other, so that each look is too small by the time between: the first by the milliseconds in which Node loads `performance`.
  for (let look = 0; look < LOOK_COUNT; look++) aheadMs = Math.max(aheadMs, monotonicUs() / 1000 - performance.now());
  return aheadMs;
}

const LOOK_COUNT = 8;

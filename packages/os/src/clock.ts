/** The system's monotonic clock: the same in every process of this machine. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint()) / 1000;
}

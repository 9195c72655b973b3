/** What the scheduler of an adapter goes by. Each number says why it is what it is. */
export const SCHEDULER_LIMITS = {
  /** So long those that were free before there were turns may take to finish, before turns begin beside what is left. */
  emptyingUsMax: 100_000,
  /** Under best-effort, so long after an interactive partition last wanted the adapter everybody is free again. */
  calmUs: 1_000_000,
  /** Between two looks no more time than this counts against whoever holds the adapter. */
  lookUsMax: 1_000_000,
} as const;

/**
 * Charged for a turn that is given out of order, beyond the time that it takes: interrupting somebody costs two switches, and
 * whoever causes them pays for them. Without this, many short submits would take more of others' time than of their own.
 */
export const OUT_OF_ORDER_US = 1_000;

/**
 * Length of a turn. A switch costs about half a millisecond, so that 10 ms lose some 5 %, and the last of eight partitions
 * waits 70 ms. The bounds are NVIDIA's (1 to 30 ms), and room for adapters whose submits are long.
 */
export const SLICE_MS = { min: 1, max: 100, default: 10 } as const;

/** What the scheduler of an adapter goes by. Each number says why it is what it is. */
export const SCHEDULER_LIMITS = {
  /** So long those that were free before there were turns may take to finish, before turns begin beside what is left. */
  emptyingUsMax: 100_000,
  /** So long afterwards it may hold up those that have a turn, who are not blamed for it. */
  emptyingGraceUs: 30_000_000,
  /** So long what a context had not finished when turns began, or its turn ended without it, keeps its partition from having turns. */
  unfinishedUsMax: 30_000_000,
  /** Under best-effort, so long after an interactive partition last wanted the adapter everybody is free again. */
  calmUs: 1_000_000,
  /**
   * From the beginning of a turn that is given away to the next one of the same partition. One that has work is idle for so
   * long before it gives a turn up; one that lies could else have turns as fast as its socket takes them, and the host nothing else to do.
   */
  yieldedUsMin: 300,
  /** Whoever is owed more than a slice has it in one turn, up to so many: each switch to oneself is lost time. */
  slicesPerTurnMax: 4,
  /** So long after the end of a turn those that have not said that it is over are looked at. */
  silentUs: 5_000,
  /** And again after so long, and whenever something is heard: each look takes the host, and so a software GPU, a tenth of a millisecond and more. */
  silentAgainUs: 20_000,
  /** Between two looks no more time than this counts against whoever holds the adapter, nor is charged for. */
  lookUsMax: 1_000_000,
} as const;

/**
 * Charged for a turn that is given out of order, beyond the time that it takes: interrupting somebody costs two switches, and
 * whoever causes them pays for them. Without this, many short submits would take more of others' time than of their own.
 */
export const OUT_OF_ORDER_US = 1_000;

/** NVIDIA's names for how virtual GPUs share a physical one, with NVIDIA's meanings. */
export const SCHEDULING_POLICIES = ['best-effort', 'equal-share', 'fixed-share'] as const;

/**
 * `best-effort`: nobody waits, the adapter's driver shares. `equal-share`: each partition that has a guest gets as much time
 * as each other one, whether it uses it or not. `fixed-share`: each partition has its share, whether others run or not.
 */
export type SchedulingPolicy = (typeof SCHEDULING_POLICIES)[number];

/** How one adapter is shared. */
export interface SchedulingTerms {
  readonly policy: SchedulingPolicy;
  /** How long a turn lasts. */
  readonly sliceUs: number;
  /** By name: all that are defined for the adapter, with guests or without. */
  readonly partitions: ReadonlyMap<string, PartitionTerms>;
}

export interface PartitionTerms {
  /** Its part of the adapter's time under fixed-share, of 1. 0: it gets none. */
  readonly share: number;
  /** Whether somebody waits for each of its results: its turns are given out of order, within its share. */
  readonly isInteractive: boolean;
}

/** Of the time that no partition has, under fixed-share. It is no partition's name. */
export const UNASSIGNED = '';

/** What is left over by shares that do not add up to 1 in binary is not a share. */
const SHARE_MIN = 1e-6;

/** Who has turns, and with what weight. `running`: the names of those that have a guest. */
export function weightsOf({ policy, partitions }: SchedulingTerms, running: ReadonlySet<string>): ReadonlyMap<string, number> {
  if (policy !== 'fixed-share') return new Map([...running].map((name) => [name, 1]));
  const weights = new Map([...partitions].filter(([, { share }]) => share >= SHARE_MIN).map(([name, { share }]) => [name, share]));
  const unassigned = 1 - [...weights.values()].reduce((sum, share) => sum + share, 0);
  if (unassigned >= SHARE_MIN) weights.set(UNASSIGNED, unassigned);
  return weights;
}

/** The part of the adapter's time that the policy promises to a partition; null: it promises nothing. */
export function promisedShare(terms: SchedulingTerms, running: ReadonlySet<string>, name: string): number | null {
  switch (terms.policy) {
    case 'best-effort':
      return null;
    case 'equal-share':
      // Also to one that has no guest yet: what it would have.
      return 1 / new Set([...running, name]).size;
    case 'fixed-share':
      return terms.partitions.get(name)?.share ?? 0;
  }
}

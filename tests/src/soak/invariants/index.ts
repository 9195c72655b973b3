import type { Observation } from '../seen/observation.ts';
import { CONTEXTS, HOST_MEMORY, NONE_BLOCKED, PAGES, SUBMITS, VIDEO_MEMORY } from './accounts.ts';
import { BUDGETS } from './budgets.ts';
import type { Invariant } from './invariant.ts';
import { APERTURES, DAEMON_MEMORY, DESCRIPTORS, FILES, NOTHING_LEFT, PROCESSES, VF_MEMORY } from './leftovers.ts';

/** While guests stand still, and nothing is asked of the host. */
export const AT_REST: readonly Invariant<Observation>[] = [
  BUDGETS, CONTEXTS, VIDEO_MEMORY, HOST_MEMORY, SUBMITS, PAGES, NONE_BLOCKED, PROCESSES, DESCRIPTORS, APERTURES, FILES, VF_MEMORY, DAEMON_MEMORY,
];

/** The same after all guests and partitions have gone. */
export const WHEN_EMPTY: readonly Invariant<Observation>[] = [...AT_REST, NOTHING_LEFT];

export { BUDGETS } from './budgets.ts';
export { type Complaint, type Invariant, complaintsOf } from './invariant.ts';

export type { Turn, TurnReport } from './gate.ts';
export { type PartitionTerms, SCHEDULING_POLICIES, type SchedulingPolicy, type SchedulingTerms } from './policy.ts';
export { type Signs, TurnScheduler, type TurnSchedulerOptions } from './turn-scheduler.ts';

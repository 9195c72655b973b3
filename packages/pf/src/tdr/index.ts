export { type TdrCountLimits, type TdrCounted, type TdrTimes, NO_TDRS, TDR_COUNT_DEFAULTS, blockedReason, countTdr } from './tdr-count.ts';
export { type TdrLimits, type TdrObservation, type TdrVerdict, type TimedOut, TDR_DEFAULTS, judge, tdrMessage } from './tdr-policy.ts';

/** What a host process that lives on its own is built from. */
export { CONTEXT_ID_MAX, ESCAPE_NAMES, FEATURE_NAMES, type GuestView, LIMIT_NAMES, type LatencyClass, type Turn, type TurnLine, VF_SURVIVAL_STEPS, WIRE_FEATURE_LEVEL } from '@gpup/vf/boot';
export type { Adoption } from './adopted-vf.ts';
export { type AdapterChoice, type FoundAdapters, hardwareAdapters, softwareAdapters } from './adapters/choice.ts';
export { Context, type ContextState } from './context.ts';
export type { Reason } from './control-protocol.ts';
export { defaultVramBytes } from './default-budget.ts';
export { type Grant, type PagePlace, isGrant } from './grant.ts';
export { logLine, logTo } from './log.ts';
export { PartitionHost, type PartitionOwner } from './partition-host.ts';
export { type ProcessIdentity, identify, isGone } from './process-identity.ts';
export { Refusal } from './refusal.ts';
export { dismissAdoption, takeOverVfs } from './takeover.ts';
export { limitVfLog, vfFiles } from './vf-files.ts';
export type { Vf } from './vf.ts';
export { isOfGoneHost, ownHostName } from './socket-directory.ts';
export { type VfGroups, memoryBytesMax } from './vf-group.ts';
export { VfPool } from './vf-pool.ts';
export { VF_NODE_OPTIONS_VARIABLE } from './vf-process.ts';

export type { Allotment, Available } from './admission.ts';
export type { CapabilityBounds } from './capability.ts';
export { COMPUTE_PARTS, partsOf, shareOf } from './compute-parts.ts';
export { type Blocked, type PartitionDefinition, computeBounds, vramBounds } from './definition.ts';
export { type DefinitionsStep, DEFINITIONS_STEPS, DEFINITIONS_VERSION, loadDefinitions, saveDefinitions } from './definitions.ts';
export { admitContext, blockedRefusal } from './context-admission.ts';
export {
  type Circumstances,
  type PartitionTable,
  type PartitionUse,
  type TableAdapter,
  type TableEvent,
  type TablePartition,
  type Transition,
  type UseOf,
  NOT_IN_USE,
  adapterOf,
  allotments,
  available,
  blockPartition,
  changePartition,
  claimAdapter,
  createPartition,
  partitionOf,
  releaseAdapter,
  removePartition,
  setAdapterMode,
  setAdapterScheduling,
  unblockPartition,
} from './partition-table.ts';
export { type KnownNames, ANY_NAMES, PARTITION_NAME, TENANT_NAME, decodePartitionChange, decodePartitionRequest } from './request.ts';
export { type Definitions, type FoundAdapter, type StartOptions, DEFAULT_PARTITION_NAME, NO_DEFINITIONS, restoreTable, saveTable, startTable } from './restore.ts';
export { decodeScheduling } from '../scheduling.ts';
export { type Budgets, settleBudgets } from './settle-budgets.ts';
export { CLOUD_SIZE_NAMES, type Fraction, decodeSize, fractionOf } from './sizes.ts';
export { type AdapterFigures, type PartitionOutside, adapterFigures, partitionState, partitionView } from './views.ts';

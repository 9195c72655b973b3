import type { AdapterView, Capability, PartitionScheduling, PartitionState, PartitionUsage, PartitionView } from '../actions.ts';
import { PF_LIMITS } from '../limits.ts';
import type { Allotment } from './admission.ts';
import type { CapabilityBounds } from './capability.ts';
import { COMPUTE_PARTS, shareOf } from './compute-parts.ts';
import { computeBounds, vramBounds } from './definition.ts';
import { type PartitionTable, type TablePartition, type UseOf, adapterOf, allotments, available, partitionOf } from './partition-table.ts';

/** What a view tells that the table does not know. */
export interface PartitionOutside {
  readonly socketPath: string;
  readonly contextCount: number;
  readonly usage: PartitionUsage;
  readonly scheduling: PartitionScheduling;
}

/** `allotted` is for whoever shows many partitions: it is the same for all of them. */
export function partitionView(
  table: PartitionTable,
  name: string,
  { socketPath, contextCount, usage, scheduling }: PartitionOutside,
  allotted: ReadonlyMap<string, Allotment>,
): PartitionView {
  const partition = partitionOf(table, name);
  const allotment = allotted.get(name) as Allotment;
  const { tenant, adapter, size, contextsMax, hostBytesMax, baseline, escapes, latencyClass, timestamps, createdMs } = partition.definition;
  return {
    name, tenant, adapter, size, contextsMax, contextCount, hostBytesMax, baseline, escapes, latencyClass, timestamps, socketPath, createdMs, usage, scheduling,
    state: stateOf(partition, allotment),
    vram: { ...vramBounds(partition.definition, table.adapters.find(({ id }) => id === adapter)?.vramBytes ?? 0), current: allotment.vramBytes },
    compute: shares(computeBounds(partition.definition), allotment.computeParts),
  };
}

export type AdapterFigures = Pick<AdapterView, 'id' | 'mode' | 'owner' | 'vram' | 'compute' | 'partitionCount' | 'partitionCountMax'>;

/** The part of an adapter's view that partitions decide. */
export function adapterFigures(table: PartitionTable, id: string, use: UseOf): AdapterFigures {
  const { mode, owner, vramBytes } = adapterOf(table, id);
  const free = available(table, id, use);
  return {
    id, mode, owner,
    vram: { totalBytes: vramBytes, availableBytes: free.vramBytes },
    compute: { total: shareOf(COMPUTE_PARTS), available: shareOf(free.computeParts) },
    partitionCount: table.partitions.filter(({ definition }) => definition.adapter === id).length,
    partitionCountMax: PF_LIMITS.partitionsPerAdapterMax,
  };
}

/** Whether somebody may have a context of it, and what it waits for. */
export function partitionState(table: PartitionTable, name: string, use: UseOf): PartitionState {
  return stateOf(partitionOf(table, name), allotments(table, use).get(name) as Allotment);
}

function stateOf({ definition, displaced }: TablePartition, { shrinkingToBytes }: Allotment): PartitionState {
  if (displaced !== null) return { kind: 'blocked', cause: 'adapter', reason: displaced, sinceMs: definition.blocked?.sinceMs ?? definition.createdMs };
  if (definition.blocked !== null) return { kind: 'blocked', cause: 'timeouts', ...definition.blocked };
  if (shrinkingToBytes !== null) return { kind: 'shrinking', toBytes: shrinkingToBytes };
  return { kind: 'active' };
}

function shares({ min, max, optimal }: CapabilityBounds, currentParts: number): Capability {
  return { min: shareOf(min), max: shareOf(max), optimal: shareOf(optimal), current: shareOf(currentParts) };
}

import type { PartitionRequest } from '../actions.ts';
import { type PartitionTable, type UseOf, NOT_IN_USE, createPartition } from '../partitions/partition-table.ts';
import { NO_DEFINITIONS, restoreTable } from '../partitions/restore.ts';

/** A host with one adapter, `hardware-0`, of so many bytes, and a second one alike, `software-0`. */
export function tableOf(vramBytes: number, ...requests: readonly PartitionRequest[]): PartitionTable {
  const empty = restoreTable(NO_DEFINITIONS, [{ id: 'hardware-0', vramBytes }, { id: 'software-0', vramBytes }]);
  return requests.reduce((table, request) => createPartition(table, request, { use: NOT_IN_USE, nowMs: 1 }).table, empty);
}

/** Video memory in use, by partition; nothing else is. */
export function using(bytes: Readonly<Record<string, number>>): UseOf {
  return (name) => ({ vramBytes: bytes[name] ?? 0, hostBytes: 0, contextCount: 0 });
}

import { Refusal } from '../refusal.ts';
import { type PartitionTable, type UseOf, partitionOf } from './partition-table.ts';

/** What guests of a blocked partition are told: those that come, and those that are there. */
export function blockedRefusal(name: string, reason: string): Refusal {
  return new Refusal('partition-blocked', `Partition "${name}" is blocked until an operator unblocks it: ${reason}`);
}

/** The reason tells what others have. */
const OPERATORS_KNOW = 'the operators of the host know why.';

/** Refuses one more context of a partition. */
export function admitContext(table: PartitionTable, name: string, use: UseOf): void {
  const { definition, displaced } = partitionOf(table, name);
  if (displaced !== null) throw new Refusal('partition-displaced', `Partition "${name}" has nothing of an adapter at present: ${definition.tenant === null ? displaced : OPERATORS_KNOW}`);
  if (definition.blocked !== null) {
    throw blockedRefusal(name, definition.blocked.reason);
  }
  const { contextCount } = use(name);
  if (contextCount < definition.contextsMax) return;
  throw new Refusal('too-many-contexts', `Partition "${name}" has ${contextCount} contexts, as many as it may have (${definition.contextsMax}).`);
}

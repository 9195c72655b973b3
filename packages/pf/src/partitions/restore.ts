import type { AdapterMode } from '../actions.ts';
import { Refusal } from '../refusal.ts';
import type { PartitionDefinition } from './definition.ts';
import { type PartitionTable, type TablePartition, adapterOf, place } from './partition-table.ts';

/** What outlives a daemon: all that somebody has asked for. Who owns an adapter whole is found again among the guests. */
export interface Definitions {
  /** Of adapters that are not in mode `partitioned`, by id; also of those that are gone at present. */
  readonly modes: Readonly<Record<string, AdapterMode>>;
  readonly partitions: readonly PartitionDefinition[];
}

/** An adapter that this start has found. */
export interface FoundAdapter {
  readonly id: string;
  readonly vramBytes: number;
}

export const NO_DEFINITIONS: Definitions = { modes: {}, partitions: [] };

/** `older` is what was restored: modes of adapters that are gone at present are kept. */
export function saveTable(table: PartitionTable, older: Definitions = NO_DEFINITIONS): Definitions {
  const modes = new Map(Object.entries(older.modes));
  for (const { id, mode } of table.adapters) {
    if (mode === 'partitioned') modes.delete(id);
    else modes.set(id, mode);
  }
  return { modes: Object.fromEntries(modes), partitions: table.partitions.map(({ definition }) => definition) };
}

/**
 * No definition is lost: a partition whose adapter is gone, or too small for all mins by now, is there without anything of
 * the adapter, and says why. The older ones are placed first.
 */
export function restoreTable({ modes, partitions }: Definitions, found: readonly FoundAdapter[]): PartitionTable {
  const adapters = found.map(({ id, vramBytes }) => ({ id, vramBytes, mode: (Object.hasOwn(modes, id) ? modes[id] : undefined) ?? 'partitioned', owner: null }));
  return partitions.reduce<PartitionTable>((table, definition) => ({ ...table, partitions: [...table.partitions, placed(table, definition)] }), { adapters, partitions: [] });
}

function placed(table: PartitionTable, definition: PartitionDefinition): TablePartition {
  try {
    place(table, adapterOf(table, definition.adapter), definition);
    return { definition, displaced: null };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { definition, displaced: error.message };
  }
}

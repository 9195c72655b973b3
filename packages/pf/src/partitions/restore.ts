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

export function saveTable({ adapters, absentModes, partitions }: PartitionTable): Definitions {
  const modes = adapters.filter(({ mode }) => mode !== 'partitioned').map(({ id, mode }) => [id, mode] as const);
  return { modes: { ...absentModes, ...Object.fromEntries(modes) }, partitions: partitions.map(({ definition }) => definition) };
}

/**
 * No definition is lost: a partition whose adapter is gone, or too small for all mins by now, is there without anything of
 * the adapter, and says why. The older ones are placed first.
 */
export function restoreTable({ modes, partitions }: Definitions, found: readonly FoundAdapter[]): PartitionTable {
  const saved = new Map(Object.entries(modes));
  const adapters = found.map(({ id, vramBytes }) => ({ id, vramBytes, mode: saved.get(id) ?? 'partitioned', owner: null }));
  const absentModes = Object.fromEntries([...saved].filter(([id]) => !found.some((adapter) => adapter.id === id)));
  const empty: PartitionTable = { adapters, absentModes, partitions: [] };
  return partitions.reduce((table, definition) => ({ ...table, partitions: [...table.partitions, placed(table, definition)] }), empty);
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

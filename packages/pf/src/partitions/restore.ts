import type { AdapterMode, AdapterScheduling } from '../actions.ts';
import { Refusal } from '../refusal.ts';
import type { PartitionDefinition } from './definition.ts';
import { NOT_IN_USE, type PartitionTable, type TablePartition, adapterOf, createPartition, place } from './partition-table.ts';

/** What outlives a daemon: all that somebody has asked for. Who owns an adapter whole is found again among the guests. */
export interface Definitions {
  /** Of adapters that are not in mode `partitioned`, by id; also of those that are gone at present. */
  readonly modes: Readonly<Record<string, AdapterMode>>;
  /** Of adapters for which something else than the host's default was asked for, by id; also of those that are gone at present. */
  readonly scheduling: Readonly<Record<string, AdapterScheduling>>;
  readonly partitions: readonly PartitionDefinition[];
}

/** An adapter that this start has found. */
export interface FoundAdapter {
  readonly id: string;
  readonly vramBytes: number;
}

export const NO_DEFINITIONS: Definitions = { modes: {}, scheduling: {}, partitions: [] };

export function saveTable({ adapters, absentModes, absentScheduling, partitions }: PartitionTable): Definitions {
  const modes = adapters.filter(({ mode }) => mode !== 'partitioned').map(({ id, mode }) => [id, mode] as const);
  const scheduling = adapters.flatMap(({ id, scheduling: asked }) => (asked === null ? [] : [[id, asked] as const]));
  return {
    modes: { ...absentModes, ...Object.fromEntries(modes) },
    scheduling: { ...absentScheduling, ...Object.fromEntries(scheduling) },
    partitions: partitions.map(({ definition }) => definition),
  };
}

/**
 * No definition is lost: a partition whose adapter is gone, or too small for all mins by now, is there without anything of
 * the adapter, and says why. The older ones are placed first.
 */
export function restoreTable({ modes, scheduling, partitions }: Definitions, found: readonly FoundAdapter[]): PartitionTable {
  const [savedModes, savedScheduling] = [new Map(Object.entries(modes)), new Map(Object.entries(scheduling))];
  const adapters = found.map(({ id, vramBytes }) => ({
    id, vramBytes,
    mode: savedModes.get(id) ?? 'partitioned',
    owner: null,
    scheduling: savedScheduling.get(id) ?? null,
  }));
  const absent = <Value>(saved: ReadonlyMap<string, Value>): Record<string, Value> =>
    Object.fromEntries([...saved].filter(([id]) => !found.some((adapter) => adapter.id === id)));
  const inPlace: TablePartition[] = [];
  const table: PartitionTable = { adapters, absentModes: absent(savedModes), absentScheduling: absent(savedScheduling), partitions: inPlace };
  for (const definition of partitions) inPlace.push(placed(table, definition));
  return table;
}

/** Made where nothing was ever defined, so that a host is of use as it comes. It promises itself nothing of the adapter. */
export const DEFAULT_PARTITION_NAME = 'default';

export interface StartOptions {
  /** Null where there is no file of definitions. One with nothing in it is somebody's wish. */
  readonly definitions: Definitions | null;
  /** What this start has found. */
  readonly adapters: readonly FoundAdapter[];
  readonly defaultPartition: boolean;
  readonly nowMs: number;
}

/** The table that a host starts with. */
export function startTable({ definitions, adapters, defaultPartition, nowMs }: StartOptions): PartitionTable {
  const table = restoreTable(definitions ?? NO_DEFINITIONS, adapters);
  if (definitions !== null || !defaultPartition || adapters.length === 0) return table;
  return createPartition(table, { name: DEFAULT_PARTITION_NAME }, { use: NOT_IN_USE, nowMs }).table;
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

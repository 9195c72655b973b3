import type { PartitionChange, PartitionRequest } from '../actions.ts';
import { PF_LIMITS } from '../limits.ts';
import { COMPUTE_PARTS } from '../partitions/compute-parts.ts';
import { type PartitionDefinition, computeBounds, definePartition, redefinePartition, vramBounds } from '../partitions/definition.ts';

export interface NaiveAdapter {
  readonly id: string;
  readonly totalBytes: number;
  mode: 'partitioned' | 'dda';
  owner: string | null;
}

export interface NaivePartition {
  definition: PartitionDefinition;
  usedBytes: number;
  contextCount: number;
}

/**
 * The rules of partitions, told as plainly as possible and changed in place: what partition-table.ts is compared with. Each
 * operation answers with the code of its refusal, or null when it is done.
 */
export class NaiveHost {
  readonly adapters: readonly NaiveAdapter[];
  partitions: NaivePartition[] = [];

  constructor(adapters: readonly { readonly id: string; readonly vramBytes: number }[]) {
    this.adapters = adapters.map(({ id, vramBytes }) => ({ id, totalBytes: vramBytes, mode: 'partitioned', owner: null }));
  }

  create(request: PartitionRequest): string | null {
    const adapter = this.adapters.find(({ id }) => id === (request.adapter ?? this.adapters[0]?.id));
    if (adapter === undefined) return 'unknown-adapter';
    if (this.find(request.name) !== undefined) return 'partition-exists';
    if (this.on(adapter).length >= PF_LIMITS.partitionsPerAdapterMax) return 'adapter-full';
    if (isAbove(request, adapter)) return 'above-adapter';
    const partition = { definition: definePartition(request, adapter.id, 1), usedBytes: 0, contextCount: 0 };
    const code = this.#fits(adapter, partition, this.on(adapter)) ?? this.#isFree(adapter, partition, this.on(adapter));
    if (code === null) this.partitions.push(partition);
    return code;
  }

  change(name: string, change: PartitionChange): string | null {
    const partition = this.find(name);
    if (partition === undefined) return 'unknown-partition';
    const adapter = this.adapters.find(({ id }) => id === partition.definition.adapter) as NaiveAdapter;
    if (isAbove(change, adapter)) return 'above-adapter';
    const others = this.on(adapter).filter((other) => other !== partition);
    const older = partition.definition;
    const olderTarget = this.#target(adapter, partition);
    const newer = { ...partition, definition: redefinePartition(older, change) };
    const code = this.#fits(adapter, newer, others);
    if (code !== null) return code;
    const order = ['none', 'coarse', 'fine'];
    if (partition.contextCount > 0 && order.indexOf(newer.definition.timestamps) < order.indexOf(older.timestamps)) return 'timestamps-in-use';
    partition.definition = newer.definition;
    const restore = (refusal: string): string => {
      partition.definition = older;
      return refusal;
    };
    if (change.whenInUse !== 'wait') {
      const target = this.#target(adapter, partition);
      if (partition.usedBytes > target && target < olderTarget) return restore('vram-in-use');
      if (partition.contextCount > newer.definition.contextsMax && newer.definition.contextsMax < older.contextsMax) return restore('contexts-in-use');
    }
    if (minOf(newer, adapter) <= vramBounds(older, adapter.totalBytes).min) return null;
    const busy = this.#isFree(adapter, partition, others);
    return busy === null ? null : restore(busy);
  }

  remove(name: string, force: boolean): string | null {
    const partition = this.find(name);
    if (partition === undefined) return 'unknown-partition';
    if (partition.contextCount > 0 && !force) return 'partition-in-use';
    this.partitions = this.partitions.filter((other) => other !== partition);
    return null;
  }

  setBlocked(name: string, reason: string | null): string | null {
    const partition = this.find(name);
    if (partition === undefined) return 'unknown-partition';
    if (reason === null || partition.definition.blocked === null) {
      partition.definition = { ...partition.definition, blocked: reason === null ? null : { reason, sinceMs: 1 } };
    }
    return null;
  }

  setMode(id: string, mode: 'partitioned' | 'dda'): string | null {
    const adapter = this.adapters.find((other) => other.id === id);
    if (adapter === undefined) return 'unknown-adapter';
    if (adapter.mode === mode) return null;
    if (adapter.owner !== null) return 'adapter-owned';
    if (mode === 'dda' && this.on(adapter).length > 0) return 'adapter-has-partitions';
    adapter.mode = mode;
    return null;
  }

  setOwner(id: string, owner: string | null): string | null {
    const adapter = this.adapters.find((other) => other.id === id);
    if (adapter === undefined) return 'unknown-adapter';
    if (owner !== null && adapter.mode === 'partitioned') return 'adapter-partitioned';
    if (owner !== null && adapter.owner !== null) return 'adapter-owned';
    adapter.owner = owner;
    return null;
  }

  find(name: string): NaivePartition | undefined {
    return this.partitions.find(({ definition }) => definition.name === name);
  }

  on(adapter: NaiveAdapter): NaivePartition[] {
    return this.partitions.filter(({ definition }) => definition.adapter === adapter.id);
  }

  /** Byte by byte to whoever has least, above what they were promised or use. */
  currents(adapter: NaiveAdapter): number[] {
    const all = this.on(adapter);
    return pour(
      adapter.totalBytes,
      all.map((partition) => held(partition, adapter)),
      all.map((partition) => Math.max(held(partition, adapter), vramBounds(partition.definition, adapter.totalBytes).optimal)),
    );
  }

  #target(adapter: NaiveAdapter, partition: NaivePartition): number {
    const all = this.on(adapter);
    const bounds = all.map(({ definition }) => vramBounds(definition, adapter.totalBytes));
    return pour(adapter.totalBytes, bounds.map(({ min }) => min), bounds.map(({ optimal }) => optimal))[all.indexOf(partition)] as number;
  }

  #fits(adapter: NaiveAdapter, partition: NaivePartition, others: readonly NaivePartition[]): string | null {
    const all = [partition, ...others];
    if (adapter.mode === 'dda') return 'adapter-dda';
    if (sum(all.map((each) => minOf(each, adapter))) > adapter.totalBytes) return 'vram-exhausted';
    return sum(all.map(({ definition }) => computeBounds(definition).min)) > COMPUTE_PARTS ? 'compute-exhausted' : null;
  }

  #isFree(adapter: NaiveAdapter, partition: NaivePartition, others: readonly NaivePartition[]): string | null {
    return sum([partition, ...others].map((each) => held(each, adapter))) > adapter.totalBytes ? 'vram-in-use' : null;
  }
}

function isAbove({ vram }: PartitionChange, { totalBytes }: NaiveAdapter): boolean {
  return Object.values(vram ?? {}).some((bytes) => bytes > totalBytes);
}

function minOf({ definition }: NaivePartition, { totalBytes }: NaiveAdapter): number {
  return vramBounds(definition, totalBytes).min;
}

function held(partition: NaivePartition, adapter: NaiveAdapter): number {
  return Math.max(minOf(partition, adapter), partition.usedBytes);
}

function pour(total: number, floors: readonly number[], ceilings: readonly number[]): number[] {
  const levels = [...floors];
  for (let left = total - sum(levels); left > 0; left--) {
    const open = levels.map((_, index) => index).filter((index) => (levels[index] as number) < (ceilings[index] as number));
    const [first] = open;
    if (first === undefined) break;
    const least = open.reduce((best, index) => ((levels[index] as number) < (levels[best] as number) ? index : best), first);
    levels[least] = (levels[least] as number) + 1;
  }
  return levels;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

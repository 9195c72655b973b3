import type { AdapterView, LatencyClass, PartitionState, PartitionUsage, PartitionView } from '@gpup/api/client';
import { type Percentiles, percentiles } from './percentile.ts';
import type { Sample } from './sample.ts';

/** What a partition did between two samples. Null: nothing can be said of it. */
export interface PartitionRates {
  readonly name: string;
  readonly adapter: string;
  readonly state: PartitionState['kind'];
  readonly contextCount: number;
  readonly contextsMax: number;
  readonly latencyClass: LatencyClass;
  /** Part of the adapter's time that it can count on; null where the adapter's policy promises nothing. */
  readonly promisedShare: number | null;
  /** Part of the adapter's time that it held. */
  readonly share: number;
  readonly vramBytes: number;
  readonly vramBudgetBytes: number;
  readonly submitsPerSecond: number | null;
  /** From a submit to its completion, of those that completed; null as well where none did. */
  readonly latencyUs: Percentiles | null;
  /** The part of it before the submit was the next to finish. */
  readonly queueWaitUs: Percentiles | null;
  /** Since the partition was made. */
  readonly faultCount: number;
  readonly tdrCount: number;
}

export interface AdapterRates {
  readonly id: string;
  readonly name: string;
  readonly mode: AdapterView['mode'];
  readonly owner: string | null;
  readonly scheduling: AdapterView['scheduling'];
  readonly partitionCount: number;
  /** Of its partitions together. */
  readonly share: number;
  readonly vramBytes: number;
  readonly vramTotalBytes: number;
}

export interface Rates {
  readonly timeMs: number;
  readonly intervalMs: number;
  readonly adapters: readonly AdapterRates[];
  readonly partitions: readonly PartitionRates[];
}

export function ratesBetween(before: Sample, after: Sample): Rates {
  const intervalMs = after.monotonicMs - before.monotonicMs;
  const older = new Map(before.partitions.map((partition) => [partition.name, partition]));
  const shares = sharesBetween(before, after);
  const partitions = after.partitions.map((partition) => partitionRates(partition, { older: olderOf(partition, older), share: shares.get(partition.name) ?? 0, intervalMs }));
  const adapters = after.adapters.map((adapter) => adapterRates(adapter, partitions.filter((partition) => partition.adapter === adapter.id)));
  return { timeMs: after.timeMs, intervalMs, adapters, partitions };
}

/** The host's own share is of the last second or so, and right to the turn; what has been held is told some times a second only. */
const HOST_WINDOW_MS = 2000;
/** No amount is. */
const UNKNOWN = -1;

function sharesBetween(before: Sample, after: Sample): ReadonlyMap<string, number> {
  const intervalMs = after.monotonicMs - before.monotonicMs;
  const older = new Map(before.partitions.map((partition) => [partition.name, partition]));
  const held = after.partitions.map((partition) => {
    const heldBefore = olderOf(partition, older)?.scheduling.heldUs;
    return { partition, heldUs: heldBefore === undefined ? UNKNOWN : partition.scheduling.heldUs - heldBefore };
  });
  return new Map(
    held.map(({ partition: { name, adapter, scheduling }, heldUs }) => {
      // Less than before: another daemon, which counts anew.
      if (intervalMs <= HOST_WINDOW_MS || heldUs < 0) return [name, scheduling.share];
      // Where nobody has turns what partitions hold overlaps: then they divide what there is, as the host has it.
      const totalUs = sum(held.map((other) => (other.partition.adapter === adapter ? Math.max(0, other.heldUs) : 0)));
      return [name, heldUs / Math.max(intervalMs * 1000, totalUs)];
    }),
  );
}

/** The same partition a while before; another one of its name is not it. */
function olderOf({ name, createdMs }: PartitionView, older: ReadonlyMap<string, PartitionView>): PartitionView | undefined {
  const found = older.get(name);
  return found?.createdMs === createdMs ? found : undefined;
}

function partitionRates(partition: PartitionView, { older, share, intervalMs }: { readonly older: PartitionView | undefined; readonly share: number; readonly intervalMs: number }): PartitionRates {
  const { name, adapter, state, contextCount, contextsMax, vram, usage, scheduling: { promisedShare, latencyClass } } = partition;
  const growth = older === undefined ? null : growthOf(older.usage, usage);
  return {
    name, adapter, contextCount, contextsMax, latencyClass, promisedShare, share,
    state: state.kind,
    vramBytes: usage.vramBytes,
    vramBudgetBytes: vram.current,
    submitsPerSecond: growth === null ? null : perTime(growth.submitCount, intervalMs / 1000),
    latencyUs: growth === null ? null : percentiles(growth.submitLatencyUs),
    queueWaitUs: growth === null ? null : percentiles(growth.queueWaitUs),
    faultCount: usage.faultCount,
    tdrCount: usage.tdrCount,
  };
}

type Growth = Pick<PartitionUsage, 'submitCount' | 'submitLatencyUs' | 'queueWaitUs'>;

/** Null where a count has gone back: the host began anew, and how far it had come before is not known. */
function growthOf(older: PartitionUsage, newer: PartitionUsage): Growth | null {
  const growth: Growth = {
    submitCount: newer.submitCount - older.submitCount,
    submitLatencyUs: newer.submitLatencyUs.map((count, bucket) => count - (older.submitLatencyUs[bucket] ?? 0)),
    queueWaitUs: newer.queueWaitUs.map((count, bucket) => count - (older.queueWaitUs[bucket] ?? 0)),
  };
  const isLess = [growth.submitCount, ...growth.submitLatencyUs, ...growth.queueWaitUs].some((more) => more < 0);
  return isLess ? null : growth;
}

function perTime(amount: number, time: number): number | null {
  return time > 0 ? amount / time : null;
}

function adapterRates({ id, name, mode, owner, scheduling, partitionCount, vram }: AdapterView, partitions: readonly PartitionRates[]): AdapterRates {
  return {
    id, name, mode, owner, scheduling, partitionCount,
    share: sum(partitions.map(({ share }) => share)),
    vramBytes: sum(partitions.map(({ vramBytes }) => vramBytes)),
    vramTotalBytes: vram.totalBytes,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

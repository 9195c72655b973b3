import type { AdapterView, PartitionState, PartitionUsage, PartitionView } from '@gpup/api/client';
import { type Percentiles, percentiles } from './percentile.ts';
import type { Sample } from './sample.ts';

/** What a partition did between two samples. Null: nothing can be said of it. */
export interface PartitionRates {
  readonly name: string;
  readonly adapter: string;
  readonly state: PartitionState['kind'];
  readonly contextCount: number;
  readonly contextsMax: number;
  /** Part of the adapter's time that it was promised. */
  readonly promisedShare: number | null;
  /**
   * Part of the adapter's time in which it had unfinished work, as its submits were seen to complete: a long one counts when it
   * ends, and contexts that overlap count each.
   */
  readonly share: number | null;
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
  readonly partitionCount: number;
  /** Of its partitions together. */
  readonly share: number | null;
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
  const partitions = after.partitions.map((partition) => partitionRates(partition, older.get(partition.name), intervalMs));
  const adapters = after.adapters.map((adapter) => adapterRates(adapter, partitions.filter((partition) => partition.adapter === adapter.id)));
  return { timeMs: after.timeMs, intervalMs, adapters, partitions };
}

function partitionRates(partition: PartitionView, older: PartitionView | undefined, intervalMs: number): PartitionRates {
  const { name, adapter, state, contextCount, contextsMax, vram, compute, usage } = partition;
  const growth = older === undefined || older.createdMs !== partition.createdMs ? null : growthOf(older.usage, usage);
  return {
    name, adapter, contextCount, contextsMax,
    state: state.kind,
    promisedShare: compute.current,
    share: growth === null ? null : perTime(growth.gpuTimeUs, intervalMs * 1000),
    vramBytes: usage.vramBytes,
    vramBudgetBytes: vram.current,
    submitsPerSecond: growth === null ? null : perTime(growth.submitCount, intervalMs / 1000),
    latencyUs: growth === null ? null : percentiles(growth.submitLatencyUs),
    queueWaitUs: growth === null ? null : percentiles(growth.queueWaitUs),
    faultCount: usage.faultCount,
    tdrCount: usage.tdrCount,
  };
}

type Growth = Pick<PartitionUsage, 'gpuTimeUs' | 'submitCount' | 'submitLatencyUs' | 'queueWaitUs'>;

/** Null where a count has gone back: the host began anew, and how far it had come before is not known. */
function growthOf(older: PartitionUsage, newer: PartitionUsage): Growth | null {
  const growth: Growth = {
    gpuTimeUs: newer.gpuTimeUs - older.gpuTimeUs,
    submitCount: newer.submitCount - older.submitCount,
    submitLatencyUs: newer.submitLatencyUs.map((count, bucket) => count - (older.submitLatencyUs[bucket] ?? 0)),
    queueWaitUs: newer.queueWaitUs.map((count, bucket) => count - (older.queueWaitUs[bucket] ?? 0)),
  };
  const isLess = [growth.gpuTimeUs, growth.submitCount, ...growth.submitLatencyUs, ...growth.queueWaitUs].some((more) => more < 0);
  return isLess ? null : growth;
}

function perTime(amount: number, time: number): number | null {
  return time > 0 ? amount / time : null;
}

function adapterRates({ id, name, mode, owner, partitionCount, vram }: AdapterView, partitions: readonly PartitionRates[]): AdapterRates {
  const shares = partitions.flatMap(({ share }) => (share === null ? [] : [share]));
  return {
    id, name, mode, owner, partitionCount,
    share: shares.length === 0 && partitions.length > 0 ? null : sum(shares),
    vramBytes: sum(partitions.map(({ vramBytes }) => vramBytes)),
    vramTotalBytes: vram.totalBytes,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

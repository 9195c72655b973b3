import type { ContextView, PartitionUsage, PartitionView } from '@gpup/pf/actions';
import type { Views } from '../seen/observation.ts';

/** What only ever rises. */
const RISING = ['vramPeakBytes', 'gpuTimeUs', 'submitCount', 'completedCount', 'faultCount', 'tdrCount'] as const satisfies readonly (keyof PartitionUsage)[];
const HISTOGRAMS = ['queueWaitUs', 'submitLatencyUs'] as const satisfies readonly (keyof PartitionUsage)[];

interface Seen {
  readonly usage: PartitionUsage;
  readonly daemonPid: number;
  /** VFs of the contexts. */
  readonly vfPids: readonly number[];
}

/**
 * Counts of a partition never fall, also over restarts of the daemon: its page is kept by any guest that goes on. One
 * without such a guest begins anew under the next daemon.
 */
export class UsageWatch {
  readonly #seen = new Map<string, Seen>();

  /** What has fallen since the last look. */
  look({ host, partitions, contexts }: Pick<Views, 'host' | 'partitions' | 'contexts'>): readonly string[] {
    const keys = new Set(partitions.map(keyOf));
    for (const key of this.#seen.keys()) if (!keys.has(key)) this.#seen.delete(key);
    return partitions.flatMap((partition) => this.#compare(partition, host.pid, vfPidsOf(contexts, partition.name)));
  }

  #compare(partition: PartitionView, daemonPid: number, vfPids: readonly number[]): readonly string[] {
    const key = keyOf(partition);
    const before = this.#seen.get(key);
    this.#seen.set(key, { usage: partition.usage, daemonPid, vfPids });
    if (before === undefined) return [];
    const isKept = before.daemonPid === daemonPid || before.vfPids.some((pid) => vfPids.includes(pid));
    return isKept ? fallen(partition.name, before.usage, partition.usage) : [];
  }
}

/** One that was removed and made again under the same name is another one. */
function keyOf({ name, createdMs }: PartitionView): string {
  return `${name} ${createdMs}`;
}

function vfPidsOf(contexts: readonly ContextView[], partition: string): readonly number[] {
  return contexts.filter((context) => context.partition === partition && context.vfPid !== 0).map(({ vfPid }) => vfPid);
}

function fallen(partition: string, before: PartitionUsage, after: PartitionUsage): readonly string[] {
  const counts = RISING.filter((name) => after[name] < before[name]).map((name) => `${name} of "${partition}" has fallen from ${before[name]} to ${after[name]}.`);
  const buckets = HISTOGRAMS.flatMap((name) => {
    const index = before[name].findIndex((count, bucket) => (after[name][bucket] ?? 0) < count);
    return index === -1 ? [] : [`${name}[${index}] of "${partition}" has fallen from ${before[name][index]} to ${after[name][index]}.`];
  });
  return [...counts, ...buckets];
}

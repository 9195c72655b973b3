import type { AdapterView, MeteredFigures, PartitionUsage, PartitionView, PfActions, UsageReport } from '@gpup/pf/actions';
import { type Labels, type Sample, counter, gauge, histogram } from './exposition.ts';

/** All metrics of a host, read at this moment. Prometheus works out rates; nothing is kept here. */
export function hostMetrics(actions: PfActions): string {
  const host = actions.host();
  const { version, protocol, featureLevel } = host;
  return [
    gauge('gpup_host_info', 'The running host.', [{ labels: { version, protocol, feature_level: featureLevel }, value: 1 }]),
    gauge('gpup_host_start_time_seconds', 'When the host started, in seconds since 1970.', [{ labels: {}, value: host.startedMs / 1000 }]),
    gauge('gpup_host_adopted_contexts', 'Contexts taken over from the host before.', [{ labels: {}, value: host.adoptedCount }]),
    gauge('gpup_host_isolation', '1 for each measure of isolation that is in force for VF processes.', host.isolation.measures.map(({ measure, isInForce }) => ({ labels: { measure }, value: isInForce ? 1 : 0 }))),
    ...adapterMetrics(actions.adapters()),
    ...partitionMetrics(actions.partitions()),
    ...usageMetrics(actions.usage()),
  ].join('');
}

/** What of it is a tenant's. */
export function tenantMetrics(actions: PfActions): string {
  return [...partitionMetrics(actions.partitions()), ...usageMetrics(actions.usage())].join('');
}

/** What is metered goes on over restarts of the host, where counters of a partition's page may begin anew. */
function usageMetrics({ tenants, partitions }: UsageReport): readonly string[] {
  const living = partitions.filter(({ removedMs }) => removedMs === null);
  const byPartition = (value: (figures: MeteredFigures) => number): readonly Sample[] =>
    living.map((figures) => ({ labels: { tenant: figures.tenant ?? '', partition: figures.partition, adapter: figures.adapter }, value: value(figures) }));
  const byTenant = (value: (figures: MeteredFigures) => number): readonly Sample[] => tenants.map((figures) => ({ labels: { tenant: figures.tenant ?? '' }, value: value(figures) }));
  return [
    counter('gpup_metered_gpu_seconds_total', 'Time that the GPU worked for the partition, as it is metered.', byPartition(({ gpuSeconds }) => gpuSeconds)),
    counter('gpup_metered_vram_byte_hours_total', 'Video memory in use, added up over time.', byPartition(({ vramByteHours }) => vramByteHours)),
    counter('gpup_tenant_gpu_seconds_total', 'Time that the GPU worked for the tenant, removed partitions included.', byTenant(({ gpuSeconds }) => gpuSeconds)),
    counter('gpup_tenant_vram_byte_hours_total', 'Video memory that the tenant had in use, added up over time, removed partitions included.', byTenant(({ vramByteHours }) => vramByteHours)),
  ];
}

function adapterMetrics(adapters: readonly AdapterView[]): readonly string[] {
  const of = (value: (adapter: AdapterView) => number): readonly Sample[] =>
    adapters.map((adapter) => ({ labels: { adapter: adapter.id, kind: adapter.kind, mode: adapter.mode }, value: value(adapter) }));
  return [
    gauge('gpup_adapter_vram_bytes', 'Video memory of the adapter.', of(({ vram }) => vram.totalBytes)),
    gauge('gpup_adapter_vram_available_bytes', 'Video memory that no partition has.', of(({ vram }) => vram.availableBytes)),
    gauge('gpup_adapter_compute_available_ratio', "Part of the adapter's time that no partition has.", of(({ compute }) => compute.available)),
    gauge('gpup_adapter_slice_seconds', 'How long a turn lasts, where partitions have turns.', adapters.map(({ id, scheduling: { policy, sliceMs } }) => ({ labels: { adapter: id, policy }, value: sliceMs / 1000 }))),
    gauge('gpup_adapter_partitions', 'Partitions of the adapter.', of(({ partitionCount }) => partitionCount)),
  ];
}

function partitionMetrics(partitions: readonly PartitionView[]): readonly string[] {
  const labelsOf = ({ name, adapter }: PartitionView): Labels => ({ partition: name, adapter });
  const of = (value: (partition: PartitionView) => number): readonly Sample[] =>
    partitions.map((partition) => ({ labels: labelsOf(partition), value: value(partition) }));
  const used = (value: (usage: PartitionUsage) => number): readonly Sample[] => of(({ usage }) => value(usage));
  const timed = (counts: (usage: PartitionUsage) => readonly number[]) => partitions.map((partition) => ({ labels: labelsOf(partition), counts: counts(partition.usage) }));
  return [
    counter('gpup_partition_gpu_time_seconds_total', 'Time that the GPU worked for the partition.', used(({ gpuTimeUs }) => gpuTimeUs / 1e6)),
    gauge('gpup_partition_compute_ratio', "Part of the adapter's time that the partition has.", of(({ compute }) => compute.current)),
    counter('gpup_partition_held_seconds_total', 'Time for which the partition held the adapter.', of(({ scheduling }) => scheduling.heldUs / 1e6)),
    gauge('gpup_partition_owed_seconds', 'Time for which the partition held the adapter beyond its share, and which it pays back.', of(({ scheduling }) => scheduling.owedUs / 1e6)),
    counter('gpup_partition_turns_total', 'Turns in which the partition held the adapter.', of(({ scheduling }) => scheduling.turnCount)),
    gauge('gpup_partition_held_ratio', "Part of the adapter's time that the partition held over the last second or so.", of(({ scheduling }) => scheduling.share)),
    gauge(
      'gpup_partition_promised_ratio',
      "Part of the adapter's time that the partition can count on; none where the policy promises nothing.",
      partitions.flatMap((partition) => (partition.scheduling.promisedShare === null ? [] : [{ labels: labelsOf(partition), value: partition.scheduling.promisedShare }])),
    ),
    gauge('gpup_partition_vram_bytes', 'Video memory in use.', used(({ vramBytes }) => vramBytes)),
    gauge('gpup_partition_vram_peak_bytes', 'The most video memory that was ever in use.', used(({ vramPeakBytes }) => vramPeakBytes)),
    gauge('gpup_partition_vram_budget_bytes', 'Video memory that may be in use.', of(({ vram }) => vram.current)),
    gauge('gpup_partition_host_memory_bytes', "The host's memory in use for guests.", used(({ hostBytes }) => hostBytes)),
    gauge('gpup_partition_host_memory_budget_bytes', "The host's memory that guests may cause to be in use.", of(({ hostBytesMax }) => hostBytesMax)),
    counter('gpup_partition_submits_total', 'Submits that guests made.', used(({ submitCount }) => submitCount)),
    counter('gpup_partition_completed_submits_total', 'Submits that the GPU has done.', used(({ completedCount }) => completedCount)),
    histogram('gpup_partition_queue_wait_seconds', 'From a submit to its begin.', timed(({ queueWaitUs }) => queueWaitUs)),
    histogram('gpup_partition_submit_latency_seconds', 'From a submit to its end.', timed(({ submitLatencyUs }) => submitLatencyUs)),
    counter('gpup_partition_faults_total', 'Contexts lost because the guest broke the protocol.', used(({ faultCount }) => faultCount)),
    counter('gpup_partition_tdrs_total', 'Contexts lost because their work did not end in time.', used(({ tdrCount }) => tdrCount)),
    gauge('gpup_partition_contexts', 'Guests that have the GPU open.', of(({ contextCount }) => contextCount)),
    gauge('gpup_partition_contexts_max', 'Guests that may have the GPU open.', of(({ contextsMax }) => contextsMax)),
    gauge('gpup_partition_blocked', '1 while too many timeouts keep guests out.', of(({ state }) => (state.kind === 'blocked' ? 1 : 0))),
  ];
}

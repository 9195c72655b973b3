import type { AdapterView, Allocation, Capability, ContextView, EventFrame, PartitionScheduling, PartitionState, PartitionView } from '@gpup/api/client';
import { columns, duration, fields, share, size, time } from './text.ts';

/** What people read. What programs read is the JSON of the same values. */
export function adaptersText(adapters: readonly AdapterView[]): string {
  const rows = adapters.map(({ id, mode, owner, scheduling, vram, compute, partitionCount, partitionCountMax, name }) => [
    id,
    owner === null ? mode : `${mode} (${owner})`,
    policyText(scheduling),
    `${size(vram.availableBytes)} of ${size(vram.totalBytes)}`,
    share(compute.available / compute.total),
    `${partitionCount} of ${partitionCountMax}`,
    name,
  ]);
  return columns(['ADAPTER', 'MODE', 'POLICY', 'MEMORY FREE', 'TIME FREE', 'PARTITIONS', 'NAME'], rows);
}

export function partitionsText(partitions: readonly PartitionView[]): string {
  const rows = partitions.map(({ name, adapter, state, vram, compute, contextCount, contextsMax, usage, scheduling }) => [
    name,
    adapter,
    state.kind,
    `${size(usage.vramBytes)} of ${size(vram.current)}`,
    share(compute.current),
    share(scheduling.share),
    `${contextCount} of ${contextsMax}`,
    duration(usage.gpuTimeUs),
    String(usage.submitCount),
  ]);
  return columns(['PARTITION', 'ADAPTER', 'STATE', 'MEMORY', 'TIME', 'HELD', 'CONTEXTS', 'GPU TIME', 'SUBMITS'], rows);
}

export function partitionText(partition: PartitionView, allocations: readonly Allocation[]): string {
  const { usage, baseline } = partition;
  const text = fields([
    ['Partition', partition.name],
    ['Tenant', partition.tenant ?? 'none'],
    ['Adapter', partition.adapter],
    ['Size', partition.size ?? '(by its numbers)'],
    ['State', stateText(partition.state)],
    ['Memory', `${size(usage.vramBytes)} in use, ${size(usage.vramPeakBytes)} at most; ${capabilityText(partition.vram, size)}`],
    ['Time', `${duration(usage.gpuTimeUs)} used; ${capabilityText(partition.compute, share)}`],
    ['Scheduling', schedulingText(partition.scheduling)],
    ['Host memory', `${size(usage.hostBytes)} in use, limit ${size(partition.hostBytesMax)}`],
    ['Contexts', `${partition.contextCount} of ${partition.contextsMax}`],
    ['Submits', `${usage.submitCount}, ${usage.completedCount} completed`],
    ['Faults', `${usage.faultCount}`],
    ['Timeouts', `${usage.tdrCount}`],
    ['Escapes', partition.escapes.length === 0 ? 'none' : partition.escapes.join(', ')],
    ['Timestamps', partition.timestamps],
    ['Baseline', Object.keys(baseline).length === 0 ? 'none' : `${baseline.features?.length ?? 'all'} features, ${Object.keys(baseline.limits ?? {}).length} limits`],
    ['Created', time(partition.createdMs)],
    ['Socket', partition.socketPath],
  ]);
  if (allocations.length === 0) return text;
  const rows = allocations.map(({ label, kind, bytes, context }) => [size(bytes), kind, String(context), label === '' ? '(no label)' : label]);
  return `${text}\n${columns(['LARGEST', 'KIND', 'CONTEXT', 'LABEL'], rows)}`;
}

/** There are turns under these policies only. */
function policyText({ policy, sliceMs }: AdapterView['scheduling']): string {
  return policy === 'best-effort' ? policy : `${policy}, ${sliceMs} ms`;
}

/** Less is what turns are: one is ahead, then another. */
const OWED_US_MIN = 1_000_000;

function schedulingText({ promisedShare, share: part, heldUs, turnCount, latencyClass, owedUs }: PartitionScheduling): string {
  const promised = promisedShare === null ? 'nothing promised' : `${share(promisedShare)} promised`;
  const owed = owedUs < OWED_US_MIN ? '' : `; owes ${duration(owedUs)}, and waits until others have had as much for their shares`;
  return `${latencyClass}; ${promised}, ${share(part)} held of late; ${duration(heldUs)} in ${turnCount} turns${owed}`;
}

export function contextsText(contexts: readonly ContextView[]): string {
  const rows = contexts.map((context) => [
    String(context.id),
    context.partition,
    context.state,
    String(context.guestPid),
    String(context.vfPid),
    size(context.vramBytes),
    size(context.hostBytes),
    duration(context.gpuTimeUs),
    `${context.completedCount} of ${context.submitCount}`,
    time(context.openedMs),
  ]);
  return columns(['CONTEXT', 'PARTITION', 'STATE', 'GUEST', 'VF', 'MEMORY', 'HOST MEMORY', 'GPU TIME', 'SUBMITS', 'OPENED'], rows);
}

export function createdText({ name, adapter, vram, compute, socketPath }: PartitionView): string {
  return `Partition ${name} on ${adapter}: ${size(vram.current)} of memory, ${share(compute.current)} of the time.\nGuests connect to ${socketPath}\n`;
}

export function eventText(frame: EventFrame): readonly string[] {
  switch (frame.type) {
    case 'hello':
      return [];
    case 'missed':
      return [`-  Events after ${frame.after} are not kept any more.`];
    default:
      return [`${frame.sequence}  ${time(frame.timeMs)}  ${frame.type}  ${eventDetails(frame)}`];
  }
}

function eventDetails(event: Exclude<EventFrame, { readonly type: 'hello' | 'missed' }>): string {
  switch (event.type) {
    case 'adapter-changed':
      return event.adapter;
    case 'partition-blocked':
      return `${event.partition}: ${event.reason}`;
    case 'context-opened':
    case 'context-adopted':
      return `${event.partition}: context ${event.context} of process ${event.guestPid}`;
    case 'context-ended':
    case 'tdr':
      return `${event.partition}: context ${event.context} (${event.code}): ${event.message}`;
    default:
      return event.partition;
  }
}

function stateText(state: PartitionState): string {
  switch (state.kind) {
    case 'active':
      return 'active';
    case 'shrinking':
      return `shrinking to ${size(state.toBytes)}`;
    case 'blocked':
      return `blocked since ${time(state.sinceMs)}: ${state.reason}`;
  }
}

function capabilityText({ min, max, optimal, current }: Capability, written: (amount: number) => string): string {
  return `has ${written(current)} (min ${written(min)}, optimal ${written(optimal)}, max ${written(max)})`;
}

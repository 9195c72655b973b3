import type { PartitionFigures } from '@gpup/vidmm';
import type { StatisticsReply } from '@gpup/wire/escapes';
import type { Context } from '../context.ts';

/** The figures of a context, and of the partition around it. */
export function statisticsOf(context: Context, partition: PartitionFigures): StatisticsReply {
  const { table, videoMemory, journal, mappedBytes, replies, work, devices, latencyClass } = context;
  return {
    vramUsedBytes: videoMemory.usedBytes,
    vramPeakBytes: videoMemory.peakBytes,
    vramBudgetBytes: finiteOrUndefined(videoMemory.limitBytes),
    objectCount: table.handleCount,
    deviceCount: devices.size,
    submitCount: work.serial,
    completedCount: work.completedSerial,
    journalBytes: journal.bytes,
    mappedBytes,
    pendingRequestCount: replies.pendingCount,
    latencyClass,
    partitionVramUsedBytes: partition.vramUsedBytes,
    partitionVramPeakBytes: partition.vramPeakBytes,
    partitionVramBudgetBytes: partition.vramBudgetBytes,
    partitionContextCount: partition.contextCount,
    partitionSubmitCount: partition.submitCount,
    partitionCompletedCount: partition.completedCount,
  };
}

/** A partition that has no context but this one. */
export function figuresOfLoneContext({ videoMemory, work }: Context): PartitionFigures {
  return {
    vramUsedBytes: videoMemory.usedBytes,
    vramPeakBytes: videoMemory.peakBytes,
    vramBudgetBytes: finiteOrUndefined(videoMemory.limitBytes),
    contextCount: 1,
    submitCount: work.serial,
    completedCount: work.completedSerial,
  };
}

function finiteOrUndefined(bytes: number): number | undefined {
  return Number.isFinite(bytes) ? bytes : undefined;
}

import type { AdapterView, PartitionView } from '@gpup/pf/actions';
import type { Views } from '../seen/observation.ts';
import { type Invariant, sumOf } from './invariant.ts';

type Seen = Pick<Views, 'adapters' | 'partitions'>;

/** Parts of an adapter's time are fractions, and their sums are rounded. */
const ROUNDING = 1e-9;

/** Nobody has more than was promised to them together, at no time. */
export const BUDGETS: Invariant<Seen> = {
  name: 'budgets',
  complaints: ({ adapters, partitions }) => [
    ...partitions.flatMap(partitionComplaints),
    ...adapters.flatMap((adapter) => adapterComplaints(adapter, partitions.filter((partition) => partition.adapter === adapter.id))),
  ],
};

function partitionComplaints({ name, vram, usage, hostBytesMax, state }: PartitionView): readonly string[] {
  return [
    ...(usage.vramBytes <= vram.current ? [] : [`The partition "${name}" uses ${usage.vramBytes} bytes of video memory, its budget is ${vram.current}.`]),
    ...(usage.hostBytes <= hostBytesMax ? [] : [`The partition "${name}" uses ${usage.hostBytes} bytes of host memory, its budget is ${hostBytesMax}.`]),
    ...(usage.vramBytes <= usage.vramPeakBytes ? [] : [`The partition "${name}" uses ${usage.vramBytes} bytes of video memory, its peak is ${usage.vramPeakBytes}.`]),
    ...(vram.current >= vram.min || state.kind === 'blocked' ? [] : [`The partition "${name}" has ${vram.current} bytes of video memory, it was promised ${vram.min}.`]),
  ];
}

function adapterComplaints({ id, mode, vram, partitionCount }: AdapterView, partitions: readonly PartitionView[]): readonly string[] {
  const givenBytes = sumOf(partitions, (each) => Math.max(each.vram.current, each.usage.vramBytes));
  const givenParts = sumOf(partitions, ({ compute }) => compute.current);
  return [
    ...(givenBytes <= vram.totalBytes ? [] : [`${id} has ${vram.totalBytes} bytes of video memory, its partitions have ${givenBytes}.`]),
    ...(givenParts <= 1 + ROUNDING ? [] : [`The partitions of ${id} have ${givenParts} of its time.`]),
    ...(partitionCount === partitions.length ? [] : [`${id} counts ${partitionCount} partitions, it has ${partitions.length}.`]),
    ...(mode === 'partitioned' || partitions.length === 0 ? [] : [`${id} is in mode ${mode} and has ${partitions.length} partitions.`]),
  ];
}

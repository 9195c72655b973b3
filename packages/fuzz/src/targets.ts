import { nullBackend } from '@gpup/vf/null';
import { ApertureArena, StreamArena } from './bus/aperture-arena.ts';
import { RingTarget } from './bus/ring-target.ts';
import { StreamTarget } from './bus/stream-target.ts';
import { LinesTarget } from './lines/lines-target.ts';
import { OutcomeTable } from './outcome-table.ts';
import { PacketTarget, settleMicrotasks } from './packets/packet-target.ts';
import { TallyTable } from './tally-table.ts';
import type { Target } from './target.ts';
import { shaderBytesOf, traceOfCapture } from './trace/capture-trace.ts';
import { withCorpus } from './trace/corpus.ts';
import { recordTraces } from './trace/record.ts';

/** Of buffers on one device: enough for any program here, and nothing that takes time to clear. */
const NULL_MEMORY_BYTES_MAX = 1 << 20;

export interface TargetSet {
  readonly targets: readonly Target[];
  /** Packets and commands by outcome. */
  readonly table: OutcomeTable;
  /** Operations of the other targets by outcome. */
  readonly tally: TallyTable;
}

/** Targets that need no process of their own, and how many sessions of each make a round. */
export const ROUND: Readonly<Record<string, number>> = { packets: 36, aperture: 8, bytes: 4, ring: 6, stream: 8, lines: 8 };

export interface TraceSources {
  /** A folder of further traces. */
  readonly corpus?: string | null;
  /** A file of `gpup capture`. */
  readonly trace?: string | null;
}

/** Everything is made anew: sets know nothing of each other. */
export async function makeTargets({ corpus = null, trace = null }: TraceSources = {}): Promise<TargetSet> {
  const makeBackend = () => nullBackend({ memoryBytesMax: NULL_MEMORY_BYTES_MAX });
  const recorded = await recordTraces(() => nullBackend());
  const withFolder = corpus === null ? recorded : withCorpus(recorded, corpus);
  const captured = trace === null ? [] : [traceOfCapture(trace)];
  const traces = { withHeap: [...withFolder.withHeap, ...captured], withoutHeap: [...withFolder.withoutHeap, ...captured] };
  const table = new OutcomeTable();
  const tally = new TallyTable();
  const common = { table, traces, backend: makeBackend, settle: settleMicrotasks, isExact: true, shaderBytesMin: shaderBytesOf(captured) };
  const targets: Target[] = [
    new PacketTarget({ ...common, name: 'packets' }),
    new PacketTarget({ ...common, name: 'aperture', connect: (heapBytes) => new ApertureArena(heapBytes) }),
    new PacketTarget({ ...common, name: 'bytes', hasHeap: false, connect: () => new StreamArena() }),
    new RingTarget(tally),
    new StreamTarget(tally),
    new LinesTarget(tally),
  ];
  return { targets, table, tally };
}

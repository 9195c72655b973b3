import { nullBackend } from '@gpup/vf/null';
import { ApertureArena, StreamArena } from './bus/aperture-arena.ts';
import { RingTarget } from './bus/ring-target.ts';
import { StreamTarget } from './bus/stream-target.ts';
import { LinesTarget } from './lines/lines-target.ts';
import { OutcomeTable } from './outcome-table.ts';
import { PacketTarget, settleMicrotasks } from './packets/packet-target.ts';
import { TallyTable } from './tally-table.ts';
import type { Target } from './target.ts';
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

/** Everything is made anew: sets know nothing of each other. `corpus`: a folder of further traces. */
export async function makeTargets(corpus: string | null = null): Promise<TargetSet> {
  const makeBackend = () => nullBackend({ memoryBytesMax: NULL_MEMORY_BYTES_MAX });
  const recorded = await recordTraces(() => nullBackend());
  const traces = corpus === null ? recorded : withCorpus(recorded, corpus);
  const table = new OutcomeTable();
  const tally = new TallyTable();
  const common = { table, traces, backend: makeBackend, settle: settleMicrotasks, isExact: true };
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

import { readdirSync } from 'node:fs';
import type { AdapterView, ContextView, HostView, PartitionView } from '@gpup/pf/actions';
import type { Host } from '@gpup/api/client';
import type { GuestAccount } from '../guest/lines.ts';
import type { Place } from '../scene/place.ts';
import { type DescriptorCounts, descriptorsOf } from './descriptors.ts';
import { type SeenMemory, memoryOf } from './memory.ts';
import { type PartitionSamples, partitionSamples } from './metrics.ts';
import { type SeenPage, pagesOf } from './pages.ts';
import { type SeenProcess, processesOf } from './process-table.ts';

/** What the host says, by its API. */
export interface Views {
  readonly host: HostView;
  readonly adapters: readonly AdapterView[];
  readonly partitions: readonly PartitionView[];
  readonly contexts: readonly ContextView[];
}

export interface SeenGuest {
  readonly id: number;
  readonly pid: number;
  readonly place: Place;
  readonly transport: 'aperture' | 'stream';
  /** Of one that stands still. */
  readonly account: GuestAccount;
}

/** All that is seen of a host at rest: what it says, what the kernel says, and what its guests say. */
export interface Observation extends Views {
  readonly metrics: PartitionSamples;
  readonly pages: ReadonlyMap<Place, SeenPage>;
  readonly processes: readonly SeenProcess[];
  /** Of processes, by pid. */
  readonly memory: ReadonlyMap<number, SeenMemory>;
  readonly daemonDescriptors: DescriptorCounts;
  /** The same of the first daemon before it had anything. */
  readonly baseDescriptors: DescriptorCounts;
  /** Paths below the soak's directory. */
  readonly files: readonly string[];
  readonly guests: readonly SeenGuest[];
  /** VF processes that each adapter of the host may keep waiting. */
  readonly poolSize: number;
}

export async function viewsOf(host: Host): Promise<Views> {
  const [hostView, adapters, partitions, contexts] = [await host.host(), await host.adapters(), await host.partitions(), await host.contexts()];
  return { host: hostView, adapters, partitions, contexts };
}

export interface Observed {
  readonly host: Host;
  readonly directory: string;
  readonly daemonPid: number;
  readonly runtimeDirectory: string;
}

export async function observe({ host, directory, daemonPid, runtimeDirectory }: Observed, rest: Pick<Observation, 'guests' | 'poolSize' | 'baseDescriptors'>): Promise<Observation> {
  const views = await viewsOf(host);
  const metrics = partitionSamples(await host.metrics());
  // From here on all at once, with no connection of ours open.
  const processes = processesOf(directory, daemonPid);
  return {
    ...views, ...rest, metrics, processes,
    pages: pagesOf(daemonPid, runtimeDirectory),
    memory: new Map(processes.flatMap(({ pid }) => [memoryOf(pid)].flatMap((memory) => (memory === null ? [] : [[pid, memory] as const])))),
    daemonDescriptors: descriptorsOf(daemonPid),
    files: readdirSync(directory, { recursive: true }).map(String).sort(),
  };
}

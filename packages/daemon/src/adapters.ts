import { totalmem } from 'node:os';
import type { AdapterView } from '@gpup/pf/actions';
import { type AdapterChoice, type FoundAdapters, defaultVramBytes, hardwareAdapters, softwareAdapters } from '@gpup/pf/core';
import type { HostConfig } from '@gpup/pf/host-config';
import { type MeasureState, VF_MEASURES, inForce, missing } from '@gpup/sandbox/measures';
import { hardwareVramBytes } from './video-memory.ts';

/** An adapter of this host: what VFs are started with, and what there is to divide. */
export interface HostAdapter {
  readonly id: string;
  readonly choice: AdapterChoice;
  readonly vramBytes: number;
  readonly facts: Pick<AdapterView, 'name' | 'vendor' | 'description' | 'features' | 'limits'>;
}

export interface AdapterSearch {
  readonly adapters: readonly HostAdapter[];
  /** Why some, or all, are missing. */
  readonly reasons: readonly string[];
  /** What VFs on all of them take from themselves. */
  readonly isolation: readonly MeasureState[];
}

type Wish = Pick<HostConfig, 'adapter' | 'softwareAdapters'>;

/** The adapters that the configuration asks for: real ones first, each kind numbered in the order in which Dawn names them. */
export async function findAdapters({ adapter, softwareAdapters: softwareCount }: Wish): Promise<AdapterSearch> {
  const hardware = adapter === 'software' ? NOTHING : await hardwareAdapters();
  const found = hardware.adapters.map((probed, index) => hardwareAdapter(hardware, probed, index));
  const wantedCount = softwareCount ?? (found.length === 0 && adapter !== 'hardware' ? 1 : 0);
  const software = wantedCount === 0 ? NOTHING : await softwareAdapters();
  return {
    adapters: [...found, ...softwareCopies(software, wantedCount)],
    reasons: [...hardware.reasons, ...software.reasons],
    isolation: commonIsolation([hardware, software].filter(({ adapters }) => adapters.length > 0)),
  };
}

/** In force is what is in force on every kind of adapter. */
function commonIsolation(found: readonly FoundAdapters[]): readonly MeasureState[] {
  return VF_MEASURES.map((measure) => {
    const states = found.map(({ isolation }) => isolation?.find((state) => state.measure === measure) ?? missing(measure, 'a process that has tried has not lived to tell'));
    return states.find(({ isInForce }) => !isInForce) ?? states[0] ?? inForce(measure, 'no adapter');
  });
}

const NOTHING: FoundAdapters = { adapters: [], environment: {}, executor: null, isolation: null, reasons: [] };

type Probed = FoundAdapters['adapters'][number];

function hardwareAdapter({ environment }: FoundAdapters, probed: Probed, index: number): HostAdapter {
  return {
    id: `hardware-${index}`,
    choice: { kind: 'hardware', environment, dawnFlags: [`adapter=${probed.name}`] },
    vramBytes: hardwareVramBytes(index) ?? probed.limits['maxBufferSize'] ?? 0,
    facts: factsOf(probed),
  };
}

/** All of them are the one software GPU, so they divide its share of the machine's memory. */
function softwareCopies({ adapters: [probed], environment }: FoundAdapters, count: number): HostAdapter[] {
  if (probed === undefined) return [];
  const vramBytes = Math.floor((defaultVramBytes('software') ?? totalmem()) / count);
  return Array.from({ length: count }, (_, index) => ({
    id: `software-${index}`,
    choice: { kind: 'software', environment, dawnFlags: [] },
    vramBytes,
    facts: factsOf(probed),
  }));
}

function factsOf({ name, vendor, description, features, limits }: Probed): HostAdapter['facts'] {
  return { name: name.trim(), vendor, description, features, limits };
}

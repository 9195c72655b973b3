import type { MeasureState } from '@gpup/sandbox/measures';
import type { AdapterKind, Executor, ProbedAdapter } from '@gpup/vf/boot';
import { hardwareEnvironment, softwareEnvironment } from './environment.ts';
import { probeAdapters } from './probe-process.ts';
import { type SoftwareGpu, softwareGpu } from './software.ts';
import { type SystemVulkan, findSystemVulkan } from './system-vulkan.ts';

export const ADAPTER_PREFERENCES = ['auto', 'hardware', 'software'] as const;
/** auto: a real GPU if Dawn opens one, else the bundled software GPU. */
export type AdapterPreference = (typeof ADAPTER_PREFERENCES)[number];

/** How a VF process is started so that Dawn opens this adapter. */
export interface AdapterChoice {
  readonly kind: AdapterKind;
  readonly environment: Readonly<Record<string, string>>;
  readonly dawnFlags: readonly string[];
}

export type AdapterChoiceResult = { readonly kind: 'chosen'; readonly choice: AdapterChoice } | NoAdapter;

export interface NoAdapter {
  readonly kind: 'none';
  /** Why not, one sentence for each place that was looked at. */
  readonly reasons: readonly string[];
}

/** Software without any probe where nothing else can be found: that is where most short runs start. */
export async function chooseAdapter(preference: AdapterPreference): Promise<AdapterChoiceResult> {
  const reasons: string[] = [];
  if (preference !== 'software') {
    const hardware = await hardwareAdapters();
    const [first] = hardware.adapters;
    if (first !== undefined) {
      return { kind: 'chosen', choice: { kind: 'hardware', environment: hardware.environment, dawnFlags: [`adapter=${first.name}`] } };
    }
    reasons.push(...hardware.reasons);
  }
  if (preference !== 'hardware') {
    const software = await availableSoftwareGpu();
    if (typeof software !== 'string') {
      return { kind: 'chosen', choice: { kind: 'software', environment: softwareEnvironment(software), dawnFlags: [] } };
    }
    reasons.push(software);
  }
  return { kind: 'none', reasons };
}

export interface FoundAdapters {
  readonly adapters: readonly ProbedAdapter[];
  readonly environment: Readonly<Record<string, string>>;
  /** How commands reach Dawn. Null where no VF could be asked. */
  readonly executor: Executor | null;
  /** What a VF on these adapters takes from itself. Null where no VF could be asked, or none has answered. */
  readonly isolation: readonly MeasureState[] | null;
  /** Why some adapters, or all, are missing. */
  readonly reasons: readonly string[];
}

/** The machine's own GPUs that Dawn opens, in Dawn's order. CPUs that pose as GPUs count only where the user named the drivers. */
export async function hardwareAdapters(vulkan: SystemVulkan = findSystemVulkan()): Promise<FoundAdapters> {
  if (!vulkan.hasDriver) return { adapters: [], environment: {}, executor: null, isolation: null, reasons: ['No Vulkan driver is installed.'] };
  const environment = hardwareEnvironment(process.env, vulkan.hasLoader ? null : await lentLoaderDirectory());
  const probed = await probeAdapters(environment, 'hardware');
  if (probed.kind === 'failed') return { adapters: [], environment, executor: null, isolation: null, reasons: [probed.message] };
  const { executor, isolation } = probed;
  const adapters = probed.adapters.filter((adapter) => vulkan.driversNamed || !adapter.isFallbackAdapter);
  if (adapters.length > 0) return { adapters, environment, executor, isolation, reasons: [] };
  const skipped = probed.adapters.map(({ name }) => name);
  const reason = skipped.length === 0 ? 'Dawn opens no adapter of the installed Vulkan drivers.' : `Only CPUs pose as adapters here (${skipped.join(', ')}).`;
  return { adapters, environment, executor, isolation, reasons: [reason] };
}

/** The bundled software GPU, probed. */
export async function softwareAdapters(): Promise<FoundAdapters> {
  const software = await availableSoftwareGpu();
  if (typeof software === 'string') return { adapters: [], environment: {}, executor: null, isolation: null, reasons: [software] };
  const environment = softwareEnvironment(software);
  const probed = await probeAdapters(environment, 'software');
  if (probed.kind === 'failed') return { adapters: [], environment, executor: null, isolation: null, reasons: [probed.message] };
  const { adapters, executor, isolation } = probed;
  return { adapters, environment, executor, isolation, reasons: [] };
}

async function lentLoaderDirectory(): Promise<string | null> {
  const software = await availableSoftwareGpu();
  return typeof software === 'string' ? null : software.directory;
}

async function availableSoftwareGpu(): Promise<SoftwareGpu | string> {
  try {
    return await softwareGpu();
  } catch (error) {
    return (error as Error).message;
  }
}

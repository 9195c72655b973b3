import { DEFAULT_LIMITS } from '@gpup/wire';
import { TIMESTAMP_FEATURE, type TimestampClass } from './timestamps.ts';

/** What a guest is told of an adapter and of a device: only names that the pinned IDL has. */
export interface Capabilities {
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  readonly info: Readonly<Record<string, string | number | boolean | undefined>>;
}

/**
 * What a partition lets its guests see of the adapter: a baseline, so that it can move between unlike ones, and
 * whose partition it is. Nothing below what the standard promises of every adapter.
 */
export interface GuestView {
  /** Empty where there is none to name. */
  readonly partition: string;
  /** Features that may be seen; null: all. */
  readonly features: readonly string[] | null;
  /** The best values that may be seen; a limit that is not named is the adapter's. */
  readonly limits: Readonly<Record<string, number>>;
  readonly timestamps: TimestampClass;
}

export const WHOLE_VIEW: GuestView = { partition: '', features: null, limits: {}, timestamps: 'coarse' };

/** Says that the adapter is a core one: it is not a feature that a baseline could take away. */
const ALWAYS_SEEN = 'core-features-and-limits';

/** Limits on the size of one allocation: a partition has no more than its budget. */
const OF_MEMORY: readonly string[] = ['maxBufferSize', 'maxStorageBufferBindingSize'];
/** Bindings have whole words. */
const WORD_BYTES = 4;

/** The adapter's capabilities as far as the view goes, and `budgetBytes` of memory at most. */
export function narrowed({ features, limits, info }: Capabilities, view: GuestView, budgetBytes: number): Capabilities {
  const seen: Record<string, number> = {};
  for (const [name, value] of Object.entries(limits)) seen[name] = narrowedLimit(name, value, view.limits[name]);
  for (const name of OF_MEMORY) {
    const value = seen[name];
    if (value !== undefined) seen[name] = narrowedLimit(name, value, Math.floor(budgetBytes / WORD_BYTES) * WORD_BYTES);
  }
  return {
    features: features.filter((name) => isSeen(name, view)),
    limits: seen,
    info: view.partition === '' ? info : { ...info, description: `${String(info['description'] ?? '')} (gpup partition ${view.partition})`.trim() },
  };
}

function isSeen(feature: string, { features, timestamps }: GuestView): boolean {
  if (feature === TIMESTAMP_FEATURE && timestamps === 'none') return false;
  return features === null || feature === ALWAYS_SEEN || features.includes(feature);
}

/** Alignments are better when smaller. https://gpuweb.github.io/gpuweb/#limit-class */
function isAlignment(name: string): boolean {
  return name.startsWith('min');
}

function narrowedLimit(name: string, value: number, bound: number | undefined): number {
  if (bound === undefined) return value;
  const promised = DEFAULT_LIMITS[name];
  if (isAlignment(name)) return Math.max(value, promised === undefined ? bound : Math.min(bound, promised));
  return Math.min(value, promised === undefined ? bound : Math.max(bound, promised));
}

/** Why a device may not be had; null: it may, as far as the view goes. https://gpuweb.github.io/gpuweb/#dom-gpuadapter-requestdevice */
export function objectionTo(
  { requiredFeatures = [], requiredLimits = {} }: Pick<GPUDeviceDescriptor, 'requiredFeatures' | 'requiredLimits'>,
  view: GuestView,
  seen: () => Capabilities,
): { readonly name: string; readonly message: string } | null {
  for (const feature of requiredFeatures) {
    if (isSeen(feature, view)) continue;
    return { name: 'TypeError', message: `The feature '${feature}' is not among those of the partition.` };
  }
  const entries = Object.entries(requiredLimits).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  if (entries.length === 0) return null;
  const { limits } = seen();
  for (const [name, value] of entries) {
    const most = limits[name];
    if (most === undefined || !(isAlignment(name) ? value < most : value > most)) continue;
    return { name: 'OperationError', message: `The required limit '${name}' (${value}) is better than that of the partition (${most}).` };
  }
  return null;
}

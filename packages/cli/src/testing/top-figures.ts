import type { AdapterView, PartitionUsage, PartitionView } from '@gpup/api/client';
import type { PartitionRates, Rates } from '../top/rates.ts';
import type { TopState } from '../top/screen.ts';

/** Figures for what is made of figures; each test says what it is about, and the rest is as here. */
export const NO_USE: PartitionUsage = {
  vramBytes: 0, vramPeakBytes: 0, hostBytes: 0, gpuTimeUs: 0, submitCount: 0, completedCount: 0, faultCount: 0, tdrCount: 0, queueWaitUs: [0, 0, 0], submitLatencyUs: [0, 0, 0],
};

export function partitionView(name: string, fields: Partial<Omit<PartitionView, 'usage'>> & { readonly usage?: Partial<PartitionUsage> } = {}): PartitionView {
  const half = { min: 0.5, max: 0.5, optimal: 0.5, current: 0.5 };
  return {
    name, tenant: null, adapter: 'software-0', size: null, state: { kind: 'active' }, vram: { min: 64, max: 64, optimal: 64, current: 64 }, compute: half, contextsMax: 16, contextCount: 1,
    hostBytesMax: 1, baseline: {}, escapes: [], timestamps: 'coarse', latencyClass: 'throughput', socketPath: '', createdMs: 1,
    scheduling: { promisedShare: 0.5, share: 0.25, heldUs: 0, owedUs: 0, turnCount: 0, latencyClass: 'throughput' },
    ...fields,
    usage: { ...NO_USE, ...fields.usage },
  };
}

export function adapterView(id: string, fields: Partial<AdapterView> = {}): AdapterView {
  return {
    id, kind: 'software', name: 'SwiftShader Device', vendor: '', description: '', mode: 'partitioned', owner: null, scheduling: { policy: 'best-effort', sliceMs: 10 }, vram: { totalBytes: 2 ** 34, availableBytes: 0 },
    compute: { total: 1, available: 0 }, partitionCount: 1, partitionCountMax: 64, features: [], limits: {},
    ...fields,
  };
}

export function partitionRates(name: string, fields: Partial<PartitionRates> = {}): PartitionRates {
  return {
    name, adapter: 'software-0', state: 'active', latencyClass: 'throughput', contextCount: 1, contextsMax: 16, promisedShare: 0.25, share: 0.125, vramBytes: 3 * 2 ** 29, vramBudgetBytes: 2 ** 31, submitsPerSecond: 120,
    latencyUs: { p50: 850, p99: 12_300 }, queueWaitUs: { p50: 1, p99: 2 }, faultCount: 0, tdrCount: 0,
    ...fields,
  };
}

export function ratesOf(partitions: readonly PartitionRates[], fields: Partial<Rates> = {}): Rates {
  const adapter = { id: 'software-0', name: 'SwiftShader Device', mode: 'partitioned', owner: null, scheduling: { policy: 'fixed-share', sliceMs: 10 }, partitionCount: partitions.length, share: 0.5, vramBytes: 2 ** 31, vramTotalBytes: 2 ** 34 } as const;
  return { timeMs: 1_700_000_000_000, intervalMs: 1000, adapters: [adapter], partitions, ...fields };
}

export function topState(rates: Rates | undefined, fields: Partial<TopState> = {}): TopState {
  return { rates, histories: new Map(), trouble: undefined, intervalMs: 1000, sorting: { key: 'share', isReversed: false }, scroll: 0, isLive: true, ...fields };
}

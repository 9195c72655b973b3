import { type AdapterView, type Host, HostApiError, type PartitionView } from '@gpup/api/client';

/** What a host says of itself at one moment. */
export interface Sample {
  /** Since 1970, for people. */
  readonly timeMs: number;
  /** Of a clock that only goes forward. */
  readonly monotonicMs: number;
  /** Empty where whoever asks may not see them. */
  readonly adapters: readonly AdapterView[];
  readonly partitions: readonly PartitionView[];
}

export async function takeSample(host: Host): Promise<Sample> {
  const [partitions, adapters] = await Promise.all([host.partitions(), adaptersOf(host)]);
  return { timeMs: Date.now(), monotonicMs: performance.now(), partitions, adapters };
}

/** A tenant sees partitions, and perhaps not what they are on. */
async function adaptersOf(host: Host): Promise<readonly AdapterView[]> {
  try {
    return await host.adapters();
  } catch (error) {
    if (error instanceof HostApiError && HIDDEN.has(error.status)) return [];
    throw error;
  }
}

const HIDDEN: ReadonlySet<number> = new Set([403, 404]);

import type { PartitionRates } from './rates.ts';

/** Each begins with the key that asks for it. */
export const SORT_KEYS = ['share', 'name', 'memory', 'rate', 'latency'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface Sorting {
  readonly key: SortKey;
  readonly isReversed: boolean;
}

const MEASURES: Readonly<Record<Exclude<SortKey, 'name'>, (partition: PartitionRates) => number | null>> = {
  share: ({ share }) => share,
  memory: ({ vramBytes }) => vramBytes,
  rate: ({ submitsPerSecond }) => submitsPerSecond,
  latency: ({ latencyUs }) => latencyUs?.p99 ?? null,
};

/** Names from a to z, quantities from the greatest on, what is not known last. Among equals names decide, so that rows do not jump. */
export function sorted(partitions: readonly PartitionRates[], { key, isReversed }: Sorting): readonly PartitionRates[] {
  const sign = isReversed ? -1 : 1;
  const compare = key === 'name' ? () => 0 : byMeasure(MEASURES[key], sign);
  const nameSign = key === 'name' ? sign : 1;
  return [...partitions].sort((one, other) => compare(one, other) || nameSign * byName(one, other));
}

function byMeasure(measure: (partition: PartitionRates) => number | null, sign: number): (one: PartitionRates, other: PartitionRates) => number {
  return (one, other) => {
    const [a, b] = [measure(one), measure(other)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return sign * (b - a);
  };
}

/** `p9` before `p10`. */
const ORDER = new Intl.Collator('en', { numeric: true });

function byName({ name: one }: PartitionRates, { name: other }: PartitionRates): number {
  return ORDER.compare(one, other) || (one < other ? -1 : 1);
}

/** The same key again turns the order round. */
export function sortedBy({ key: before, isReversed }: Sorting, key: SortKey): Sorting {
  return { key, isReversed: key === before && !isReversed };
}

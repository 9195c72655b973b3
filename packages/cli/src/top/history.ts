import type { Rates } from './rates.ts';

/** More than the widest screen shows. */
const LENGTH_MAX = 120;

/** Shares of the last readings, the newest last, by names of partitions and of adapters, which differ. */
export type Histories = ReadonlyMap<string, readonly number[]>;

export const NO_HISTORIES: Histories = new Map();

/** What is not there any more is forgotten. */
export function continued(histories: Histories, { adapters, partitions }: Rates): Histories {
  const next = (name: string, share: number): readonly [string, readonly number[]] => [name, [...(histories.get(name) ?? []).slice(1 - LENGTH_MAX), share]];
  return new Map([
    ...adapters.map(({ id, share }) => next(adapterKey(id), share)),
    ...partitions.map(({ name, share }) => next(name, share)),
  ]);
}

/** No partition has such a name. */
export function adapterKey(id: string): string {
  return `adapter ${id}`;
}

import { join } from 'node:path';

/** Both rest on the one software GPU. */
export const ADAPTERS = ['software-0', 'software-1'] as const;
/** The one that is given away as a whole now and then. */
export const WHOLE_ADAPTER = 'software-1';

/** Where a guest connects: the name of a partition, or the id of an adapter that it owns whole. */
export type Place = string;

export function isWhole(place: Place): boolean {
  return (ADAPTERS as readonly string[]).includes(place);
}

export function socketOf(runtimeDirectory: string, place: Place): string {
  return join(runtimeDirectory, isWhole(place) ? 'adapters' : 'partitions', `${place}.sock`);
}

import type { CapabilityRequest } from '../actions.ts';
import { Refusal } from '../refusal.ts';

/** What a partition may have of one thing. Holds: 0 <= min <= optimal <= max. */
export interface CapabilityBounds {
  /** Always its own: admission sees to it. */
  readonly min: number;
  /** What it gets where there is enough. */
  readonly optimal: number;
  readonly max: number;
}

/** Checks the order of those that are given. */
export function checkOrder({ min, optimal, max }: CapabilityRequest, path: string): void {
  const given = ([['min', min], ['optimal', optimal], ['max', max]] as const).filter(([, value]) => value !== undefined);
  for (const [index, [name, value]] of given.entries()) {
    const above = given[index + 1];
    if (above === undefined || (value as number) <= (above[1] as number)) continue;
    throw new Refusal('capability-order', `The field ${path}.${name} (${value}) is above ${path}.${above[0]} (${above[1]}).`, `${path}.${name}`);
  }
}

/**
 * Sets what is not given: to the size's part of the adapter, all three alike; without a size from nothing for sure (min 0) to
 * the whole adapter. What is given wins: the others keep to the order. Nothing goes beyond the adapter.
 */
export function completeCapability(given: CapabilityRequest, sizeShare: number | null, total: number): CapabilityBounds {
  const base = sizeShare === null ? { min: 0, optimal: total, max: total } : { min: sizeShare, optimal: sizeShare, max: sizeShare };
  const max = Math.min(given.max ?? Math.max(base.max, given.optimal ?? 0, given.min ?? 0), total);
  const optimal = Math.min(given.optimal ?? Math.max(base.optimal, given.min ?? 0), max);
  // A min that is given is kept, also above the adapter: it is a promise, and admission then says that it cannot be held.
  return { min: given.min ?? Math.min(base.min, optimal), optimal, max };
}

/** The older wishes where no new ones are given, moved as little as the order asks for. */
export function mergeCapability(old: CapabilityRequest, change: CapabilityRequest): CapabilityRequest {
  const max = change.max ?? raised(old.max, change.optimal, change.min);
  const optimal = change.optimal ?? lowered(raised(old.optimal, change.min), change.max);
  const min = change.min ?? lowered(old.min, change.optimal, change.max);
  return { ...(min !== undefined && { min }), ...(optimal !== undefined && { optimal }), ...(max !== undefined && { max }) };
}

function raised(value: number | undefined, ...floors: readonly (number | undefined)[]): number | undefined {
  return value === undefined ? undefined : Math.max(value, ...floors.map((floor) => floor ?? 0));
}

function lowered(value: number | undefined, ...ceilings: readonly (number | undefined)[]): number | undefined {
  return value === undefined ? undefined : Math.min(value, ...ceilings.map((ceiling) => ceiling ?? Number.POSITIVE_INFINITY));
}

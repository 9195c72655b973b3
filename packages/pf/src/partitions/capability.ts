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
 * the whole adapter. What is given wins, and the others are moved as little as the order asks for.
 *
 * Aims and bounds do not go beyond the adapter, which may have shrunk. A min that is given is kept even so, out of order: it
 * is a promise, and admission then says that it cannot be held.
 */
export function completeCapability(given: CapabilityRequest, sizeShare: number | null, total: number): CapabilityBounds {
  const base = sizeShare === null ? { min: 0, optimal: total, max: total } : { min: sizeShare, optimal: sizeShare, max: sizeShare };
  const { min, optimal, max } = { ...base, ...mergeCapability(base, given) };
  return { min, optimal: Math.min(optimal, total), max: Math.min(max, total) };
}

/** The older values where no new ones are given, moved as little as the order asks for. Those that were never given stay so. */
export function mergeCapability(old: CapabilityRequest, given: CapabilityRequest): CapabilityRequest {
  const min = given.min ?? between(old.min, 0, given.optimal ?? given.max);
  const optimal = given.optimal ?? between(old.optimal, given.min, given.max);
  const max = given.max ?? between(old.max, given.optimal ?? given.min, Number.POSITIVE_INFINITY);
  return { ...(min !== undefined && { min }), ...(optimal !== undefined && { optimal }), ...(max !== undefined && { max }) };
}

function between(value: number | undefined, least = 0, most = Number.POSITIVE_INFINITY): number | undefined {
  return value === undefined ? undefined : Math.min(Math.max(value, least), most);
}

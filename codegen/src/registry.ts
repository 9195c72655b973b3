/**
 * Numbers on the wire. The registry is append-only: IDL order changes between releases, numbers
 * do not, so that old guests, captures and snapshots stay readable.
 */
import { allMembers, type Model } from './model.ts';
import type { Plan } from './plan.ts';

export interface Registry {
  readonly opcodes: Record<string, number>;
  readonly recorded: Record<string, number>;
  readonly replies: Record<string, number>;
  /** Enum values start at 1; 0 stands for null where the type is nullable. */
  readonly enums: Record<string, Record<string, number>>;
  /** Bit numbers of the presence word. */
  readonly fields: Record<string, Record<string, number>>;
  readonly escapes: Record<string, number>;
}

/** Bit 31 is kept free: a second presence word can be announced there one day. */
const FIELD_COUNT_MAX = 31;

export function extendRegistry(registry: Registry, model: Model, plan: Plan): void {
  appendAll(registry.opcodes, plan.packets.map((packet) => packet.name), 1);
  appendAll(registry.recorded, plan.recorded.map((command) => command.name), 1);
  appendAll(registry.replies, plan.replies.map((reply) => reply.name), 1);
  appendAll(registry.escapes, plan.escapes.map((each) => each.name), 1);
  for (const [name, values] of model.enums) appendAll((registry.enums[name] ??= {}), values, 1);
  for (const name of plan.dictionaries) {
    const fields = (registry.fields[name] ??= {});
    appendAll(fields, allMembers(model, name).map((member) => member.name), 0);
    if (Object.keys(fields).length > FIELD_COUNT_MAX) throw new Error(`${name} has more than ${FIELD_COUNT_MAX} fields`);
  }
}

function appendAll(numbers: Record<string, number>, names: readonly string[], first: number): void {
  let next = Math.max(first - 1, ...Object.values(numbers)) + 1;
  for (const name of names) {
    if (!Object.hasOwn(numbers, name)) numbers[name] = next++;
  }
}

/** Says what `current` changed or dropped of `release`; empty when every old number still stands. */
export function brokenNumbers(release: Registry, current: Registry): string[] {
  const broken: string[] = [];
  const compare = (path: string, before: Record<string, unknown>, after: Record<string, unknown> | undefined): void => {
    for (const [name, value] of Object.entries(before)) {
      const now = after?.[name];
      if (typeof value === 'object' && value !== null) {
        compare(`${path}.${name}`, value as Record<string, unknown>, now as Record<string, unknown> | undefined);
      } else if (now !== value) {
        broken.push(`${path}.${name} was ${value}, is ${now}`);
      }
    }
  };
  compare('registry', release as unknown as Record<string, unknown>, current as unknown as Record<string, unknown>);
  return broken;
}

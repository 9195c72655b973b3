import type { PartitionView } from '@gpup/pf/actions';
import { type Place, isWhole } from './place.ts';

/** What was asked for of a partition: it must be the same in every view, under every daemon, until it is changed. */
export type Definition = Pick<PartitionView, 'name' | 'adapter' | 'size' | 'contextsMax' | 'hostBytesMax' | 'escapes' | 'createdMs'> & {
  readonly vram: readonly number[];
  readonly compute: readonly number[];
};

export function definitionOf({ name, adapter, size, contextsMax, hostBytesMax, escapes, createdMs, vram, compute }: PartitionView): Definition {
  const bounds = ({ min, optimal, max }: PartitionView['vram']): readonly number[] => [min, optimal, max];
  return { name, adapter, size, contextsMax, hostBytesMax, escapes, createdMs, vram: bounds(vram), compute: bounds(compute) };
}

/** Partitions as they must be, by what the host has answered. One whose operation was cut off may be so or so. */
export class PartitionLedger {
  readonly #known = new Map<string, Definition>();
  readonly #doubtful = new Set<string>();
  /** Somebody else makes and removes them, at any time. */
  readonly #strange = new Set<string>();

  get names(): readonly string[] {
    return [...this.#known.keys()];
  }

  note(view: PartitionView): void {
    this.#known.set(view.name, definitionOf(view));
    this.#doubtful.delete(view.name);
  }

  forget(name: string): void {
    this.#known.delete(name);
    this.#doubtful.delete(name);
  }

  /** An operation on it begins: nobody knows what comes of it. Returns what `restore` needs if nothing does. */
  doubt(name: string): Definition | undefined {
    this.#doubtful.add(name);
    return this.#known.get(name);
  }

  restore(name: string, definition: Definition | undefined): void {
    if (definition === undefined) this.forget(name);
    else this.#known.set(name, definition);
    this.#doubtful.delete(name);
  }

  /** Null: nobody knows. An adapter that is owned whole has none. */
  isOpen(place: Place, escapeName: string): boolean | null {
    if (isWhole(place)) return false;
    return this.#doubtful.has(place) ? null : (this.#known.get(place)?.escapes.includes(escapeName) ?? null);
  }

  /** A plan may expect what the host has refused, or what was cut off; of an adapter that is owned whole nobody keeps a record. */
  mayBeMissing(place: Place): boolean {
    return isWhole(place) || !this.#known.has(place) || this.#doubtful.has(place);
  }

  leaveToOthers(name: string): void {
    this.#strange.add(name);
  }

  /** It is gone. */
  takeBack(name: string): void {
    this.#strange.delete(name);
  }

  contextsMaxOf(name: string): number {
    return this.#known.get(name)?.contextsMax ?? 0;
  }

  /** What the host's partitions are and must not be. */
  complaints(views: readonly PartitionView[]): readonly string[] {
    const found = new Map(views.map((view) => [view.name, view]));
    const missing = [...this.#known.keys()].filter((name) => !found.has(name) && !this.#doubtful.has(name)).map((name) => `The partition "${name}" is gone.`);
    return [...missing, ...views.flatMap((view) => this.#complaintsOf(view))];
  }

  #complaintsOf(view: PartitionView): readonly string[] {
    if (this.#doubtful.has(view.name) || this.#strange.has(view.name)) return [];
    const known = this.#known.get(view.name);
    if (known === undefined) return [`The partition "${view.name}" was never made.`];
    const [expected, found] = [JSON.stringify(known), JSON.stringify(definitionOf(view))];
    return expected === found ? [] : [`The partition "${view.name}" is ${found}, expected ${expected}.`];
  }

  /** What is in doubt is as it is. */
  settle(views: readonly PartitionView[]): void {
    for (const name of [...this.#doubtful]) {
      const view = views.find((each) => each.name === name);
      if (view === undefined) this.forget(name);
      else this.note(view);
    }
  }
}

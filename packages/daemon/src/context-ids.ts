import { randomInt } from 'node:crypto';

/**
 * Numbers of contexts. One is never given twice while a context has it, and as late as can be after that. Those of
 * tenants' partitions are drawn from above all others: numbers in their order would tell a tenant how many contexts
 * others have.
 */
export class ContextIds {
  readonly #idMax: number;
  readonly #draw: (min: number, max: number) => number;
  readonly #isTaken: (id: number) => boolean;
  #last = 0;

  /** `draw`: a number from min to max that nobody can foretell. */
  constructor({ idMax, isTaken, draw = randomFrom }: { readonly idMax: number; readonly isTaken: (id: number) => boolean; readonly draw?: (min: number, max: number) => number }) {
    this.#idMax = idMax;
    this.#draw = draw;
    this.#isTaken = isTaken;
  }

  /** Of a context that another daemon has numbered. */
  note(id: number): void {
    if (id <= this.#orderedMax) this.#last = Math.max(this.#last, id);
  }

  next(): number {
    do this.#last = this.#last >= this.#orderedMax ? 1 : this.#last + 1;
    while (this.#isTaken(this.#last));
    return this.#last;
  }

  /** Of a tenant's context. Contexts are few, so that one try is nearly always enough. */
  drawn(): number {
    let id: number;
    do id = this.#draw(this.#orderedMax + 1, this.#idMax);
    while (this.#isTaken(id));
    return id;
  }

  /** Numbers up to here are given in their order. */
  get #orderedMax(): number {
    return Math.floor(this.#idMax / 2);
  }
}

function randomFrom(min: number, max: number): number {
  return randomInt(min, max + 1);
}

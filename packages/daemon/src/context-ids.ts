/** Numbers of contexts. One is never given twice while a context has it, and as late as can be after that. */
export class ContextIds {
  readonly #idMax: number;
  readonly #isTaken: (id: number) => boolean;
  #last = 0;

  constructor({ idMax, isTaken }: { readonly idMax: number; readonly isTaken: (id: number) => boolean }) {
    this.#idMax = idMax;
    this.#isTaken = isTaken;
  }

  /** Of a context that another daemon has numbered. */
  note(id: number): void {
    this.#last = Math.max(this.#last, id);
  }

  next(): number {
    do this.#last = this.#last >= this.#idMax ? 1 : this.#last + 1;
    while (this.#isTaken(this.#last));
    return this.#last;
  }
}

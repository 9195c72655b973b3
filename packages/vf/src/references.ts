import type { Known } from './object-table.ts';

let stamps = 0;

/** The objects that the packet being read has named, each once, in the order of their first mention. */
export class References {
  #known: Known[] = [];
  #stamp = ++stamps;

  note(known: Known): void {
    if (known.referenceStamp === this.#stamp) return;
    known.referenceStamp = this.#stamp;
    this.#known.push(known);
  }

  /** Forgets what was noted: the next packet begins. */
  reset(): void {
    if (this.#known.length === 0) return;
    this.#known.length = 0;
    this.#stamp = ++stamps;
  }

  /** Hands the list over to the object that the packet creates. */
  take(): readonly Known[] {
    const known = this.#known;
    this.#known = [];
    this.#stamp = ++stamps;
    return known;
  }
}

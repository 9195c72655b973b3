/**
 * Words that nobody else has: the first ones come from a secret and a place, each further generation from the one
 * before by x -> A x + C (mod 2^32). So any word of any generation can be computed, and nothing has to be kept.
 */
const A = 1664525;
const C = 1013904223;
const SPREAD = 2654435761;

export const NEXT_GENERATION_WGSL = `v[i] * ${A}u + ${C}u`;

export class Pattern {
  readonly #secret: number;
  #factor = 1;
  #addend = 0;

  constructor(secret: number) {
    this.#secret = secret;
  }

  word(index: number): number {
    const first = Math.imul(this.#secret + index, SPREAD);
    return (Math.imul(first, this.#factor) + this.#addend) >>> 0;
  }

  words(from: number, count: number): Uint32Array<ArrayBuffer> {
    return Uint32Array.from({ length: count }, (_, index) => this.word(from + index));
  }

  advance(): void {
    this.#factor = Math.imul(this.#factor, A);
    this.#addend = (Math.imul(this.#addend, A) + C) | 0;
  }

  /** What is wrong with words that should be those from there on, or null. */
  complaint(found: Uint32Array, from: number): string | null {
    for (let index = 0; index < found.length; index++) {
      const expected = this.word(from + index);
      if (found[index] !== expected) return `word ${from + index} is ${found[index]}, expected ${expected}`;
    }
    return null;
  }
}

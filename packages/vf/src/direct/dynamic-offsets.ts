import { addressOf } from '@gpup/os';

/** Memory of ours with a known address, from which Dawn reads dynamic offsets. */
export class DynamicOffsets {
  readonly #words = new Uint32Array(1024);
  readonly #address = addressOf(this.#words);

  /** The address of a copy, good until the next one. At most 1,024 of them. */
  place(offsets: Uint32Array): number {
    for (let i = 0; i < offsets.length; i++) this.#words[i] = offsets[i] as number;
    return this.#address;
  }
}

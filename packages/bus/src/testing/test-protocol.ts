/** What the guest of a test asks of its host. Each is the opcode of a packet. */
export const ASK = {
  /** The same words come back. */
  echo: 1,
  /** Counted, and mixed into the hash. */
  sink: 2,
  /** Answered with [opcode, 4, packet count, hash] over all packets so far. */
  report: 3,
  /** [.., .., ms]: delivery stops for so long. */
  pause: 4,
  /** [.., .., count, words]: so many replies of so many words, numbered in word 2. */
  produce: 5,
  /** [.., .., serial] */
  publish: 6,
  close: 7,
  /** The host's process ends at once. */
  die: 8,
  /** [.., .., offset, byteLength]: answered with [.., 3, hash of these bytes of the heap]. */
  hashHeap: 9,
  /** [.., .., offset, byteLength, value]: the host fills these bytes, then answers with the same words. */
  fillHeap: 10,
  /** [.., .., us]: the host is busy for so long; no answer. */
  work: 11,
} as const;

const HASH_SEED = 0x811c9dc5;
const HASH_FACTOR = 0x01000193;

/** FNV-1a over words. */
export class WordHash {
  value = HASH_SEED;

  add(words: ArrayLike<number>, begin: number, end: number): void {
    let { value } = this;
    for (let index = begin; index < end; index += 1) value = Math.imul(value ^ (words[index] as number), HASH_FACTOR);
    this.value = value >>> 0;
  }
}

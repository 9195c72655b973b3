import { assert } from '@gpup/base';
import { copyWords } from './copy-words.ts';
import { advance, wordsBetween } from './position.ts';

/** One ring of words between one producer and one consumer, of which the other may be hostile. */
export interface RingOptions {
  readonly control: Int32Array;
  /** Its length is a power of two. */
  readonly ring: Uint32Array;
  readonly tailIndex: number;
  readonly headIndex: number;
  /** Makes the error for an index that no correct peer writes. */
  readonly violation: (message: string) => Error;
  /** Where the stream stands at the start, for a ring that is taken over. */
  readonly position?: number;
}

/**
 * The producer's end.
 *
 * Invariants, mod 2^32: head and tail only grow, and 0 <= tail - head <= capacity. Both are kept in
 * private memory; the shared head is read in one place, once, and checked before it is kept.
 */
export class RingProducer {
  readonly #control: Int32Array;
  readonly #ring: Uint32Array;
  readonly #tailIndex: number;
  readonly #headIndex: number;
  readonly #violation: (message: string) => Error;
  #tail: number;
  #head: number;

  constructor(options: RingOptions) {
    const { length } = options.ring;
    assert(length > 0 && (length & (length - 1)) === 0);
    this.#control = options.control;
    this.#ring = options.ring;
    this.#tailIndex = options.tailIndex;
    this.#headIndex = options.headIndex;
    this.#violation = options.violation;
    this.#tail = options.position ?? 0;
    this.#head = this.#tail;
  }

  get tail(): number {
    return this.#tail;
  }

  /** Looks afresh at what the consumer has freed. Returns the words that fit. */
  poll(): number {
    const head = Atomics.load(this.#control, this.#headIndex) >>> 0;
    const usedWords = wordsBetween(this.#head, this.#tail);
    const retiredWords = wordsBetween(this.#head, head);
    if (retiredWords > usedWords) {
      throw this.#violation(`Ring head (${head}) is not between its last value (${this.#head}) and the tail (${this.#tail}).`);
    }
    this.#head = head;
    return this.#ring.length - (usedWords - retiredWords);
  }

  /** Copies as many words as fit and returns their count. The consumer sees them after `publish`. */
  write(words: Uint32Array, begin: number, end: number): number {
    const capacityWords = this.#ring.length;
    let freeWords = capacityWords - wordsBetween(this.#head, this.#tail);
    if (freeWords < end - begin) freeWords = this.poll();
    const wordCount = Math.min(freeWords, end - begin);
    const at = this.#tail & (capacityWords - 1);
    const beforeWrap = Math.min(wordCount, capacityWords - at);
    copyWords(words, begin, this.#ring, at, beforeWrap);
    copyWords(words, begin + beforeWrap, this.#ring, 0, wordCount - beforeWrap);
    this.#tail = advance(this.#tail, wordCount);
    return wordCount;
  }

  publish(): void {
    Atomics.store(this.#control, this.#tailIndex, this.#tail | 0);
  }
}

/** The consumer's end; the same invariants, with the shared tail in the part of the hostile word. */
export class RingConsumer {
  readonly #control: Int32Array;
  readonly #ring: Uint32Array;
  readonly #tailIndex: number;
  readonly #headIndex: number;
  readonly #violation: (message: string) => Error;
  #tail: number;
  #head: number;

  constructor(options: RingOptions) {
    const { length } = options.ring;
    assert(length > 0 && (length & (length - 1)) === 0);
    this.#control = options.control;
    this.#ring = options.ring;
    this.#tailIndex = options.tailIndex;
    this.#headIndex = options.headIndex;
    this.#violation = options.violation;
    this.#head = options.position ?? 0;
    this.#tail = this.#head;
  }

  get capacityWords(): number {
    return this.#ring.length;
  }

  get head(): number {
    return this.#head;
  }

  /** Words that the last `poll` found and that are not read yet. */
  get knownWords(): number {
    return wordsBetween(this.#head, this.#tail);
  }

  /** Looks afresh at what the producer has published. Returns the words ready to read. */
  poll(): number {
    const tail = Atomics.load(this.#control, this.#tailIndex) >>> 0;
    const knownWords = wordsBetween(this.#head, this.#tail);
    const readableWords = knownWords + wordsBetween(this.#tail, tail);
    if (readableWords > this.#ring.length) {
      throw this.#violation(
        `Ring tail (${tail}) is not between its last value (${this.#tail}) and the head (${this.#head}) plus the capacity (${this.#ring.length}).`,
      );
    }
    this.#tail = tail;
    return readableWords;
  }

  /** Copies words out and hands their room back to the producer. */
  read(into: Uint32Array, at: number, wordCount: number): void {
    // Both indexes are ours, so no peer can trip this.
    assert(wordCount <= wordsBetween(this.#head, this.#tail));
    const capacityWords = this.#ring.length;
    const from = this.#head & (capacityWords - 1);
    const beforeWrap = Math.min(wordCount, capacityWords - from);
    copyWords(this.#ring, from, into, at, beforeWrap);
    copyWords(this.#ring, 0, into, at + beforeWrap, wordCount - beforeWrap);
    this.#head = advance(this.#head, wordCount);
    Atomics.store(this.#control, this.#headIndex, this.#head | 0);
  }
}

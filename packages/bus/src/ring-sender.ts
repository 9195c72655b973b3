import type { Doorbell } from './doorbell.ts';
import type { RingProducer } from './ring.ts';
import { WordQueue } from './word-queue.ts';

export interface RingSenderOptions {
  readonly producer: RingProducer;
  readonly control: Int32Array;
  /** The word by which the peer says that it sleeps. */
  readonly peerSleepingIndex: number;
  /** The word by which we say that we wait for room. */
  readonly wantsRoomIndex: number;
  readonly doorbell: Doorbell;
  /** Limit of what waits outside of the ring. */
  readonly queueBytesMax: number;
}

/** More than this keeps the peer busy for so long that it had better start now. */
const UNRUNG_WORDS_MAX = 1 << 15;

/**
 * Puts words into a ring, wakes a sleeping peer, and keeps what does not fit for when the peer has
 * made room. Nothing is lost and nothing is reordered.
 *
 * Room: we set `wantsRoom`, then look at the ring once more; the peer frees, then looks at
 * `wantsRoom`. Whichever comes second sees the other, so that one of the two always acts.
 *
 * Rings: a ring is a system call, several times what it takes to write a small frame's commands. Where
 * the caller promises to ring at the end of its task, the first send that finds the peer asleep leaves
 * it to that, which mostly comes next; a second one, or one that is large, rings at once.
 */
export class RingSender {
  readonly #producer: RingProducer;
  readonly #control: Int32Array;
  readonly #peerSleepingIndex: number;
  readonly #wantsRoomIndex: number;
  readonly #doorbell: Doorbell;
  readonly #queueBytesMax: number;
  readonly #queue = new WordQueue();
  #position: number;
  #isRingDue = false;

  constructor(options: RingSenderOptions) {
    this.#producer = options.producer;
    this.#position = options.producer.tail;
    this.#control = options.control;
    this.#peerSleepingIndex = options.peerSleepingIndex;
    this.#wantsRoomIndex = options.wantsRoomIndex;
    this.#doorbell = options.doorbell;
    this.#queueBytesMax = options.queueBytesMax;
  }

  /** Behind the last word sent, whether it is in the ring already or waits. Not mod 2^32. */
  get position(): number {
    return this.#position;
  }

  get queuedBytes(): number {
    return this.#queue.wordCount * 4;
  }

  /** A single send may be larger than the limit, but only when nothing waits before it. */
  hasRoomFor(wordCount: number): boolean {
    return this.#queue.wordCount === 0 || (this.#queue.wordCount + wordCount) * 4 <= this.#queueBytesMax;
  }

  send(words: Uint32Array, begin: number, end: number, mayRingLater = false): void {
    this.#position += end - begin;
    if (this.#queue.wordCount > 0) {
      this.#queue.push(words, begin, end);
      this.flush();
      return;
    }
    const written = this.#producer.write(words, begin, end);
    if (written === end - begin) {
      if (mayRingLater && !this.#isRingDue && written <= UNRUNG_WORDS_MAX) this.#publishUnrung();
      else this.#publish();
      return;
    }
    this.#publish();
    this.#queue.push(words, begin + written, end);
    this.flush();
  }

  /** Moves what waits into the ring, as far as there is room. */
  flush(): void {
    for (let chunk = this.#queue.first(); chunk !== null; chunk = this.#queue.first()) {
      const written = this.#producer.write(chunk.words, chunk.begin, chunk.end);
      if (written > 0) {
        this.#queue.drop(written);
        this.#publish();
        continue;
      }
      Atomics.store(this.#control, this.#wantsRoomIndex, 1);
      if (this.#producer.poll() === 0) return;
    }
  }

  #publish(): void {
    this.#producer.publish();
    // The plain look first: an exchange costs a bus lock even when the peer is awake, as it mostly is.
    if (this.#isPeerAsleep()) this.#ring();
  }

  #publishUnrung(): void {
    this.#producer.publish();
    this.#isRingDue = this.#isPeerAsleep();
  }

  /** At the end of a task, or before a caller waits for the peer. */
  ringIfDue(): void {
    if (this.#isRingDue) this.#ring();
  }

  /** The memory may be gone after this: no ring is due any more. */
  close(): void {
    this.#isRingDue = false;
  }

  #isPeerAsleep(): boolean {
    return Atomics.load(this.#control, this.#peerSleepingIndex) !== 0;
  }

  #ring(): void {
    this.#isRingDue = false;
    if (Atomics.exchange(this.#control, this.#peerSleepingIndex, 0) !== 0) this.#doorbell.ring();
  }
}

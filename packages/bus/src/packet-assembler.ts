import { assert } from '@gpup/base';
import type { PacketSink } from './link.ts';

/** Every packet starts with its opcode and its length in words, these two included. */
export const PACKET_HEADER_WORDS = 2;
const LENGTH_WORD = 1;

/** The buffer's size at first, and again once a packet has gone that needed one above the second size. */
const BUFFER_BYTES_MIN = 128 * 1024;
const BUFFER_BYTES_KEPT_MAX = 4 << 20;
/** What a link moves in at a time: with a part of a packet before it, it still fits the least buffer. */
export const FILL_BYTES_MAX = 64 * 1024;

export interface PacketAssemblerOptions {
  readonly packetWordsMax: number;
  /** Makes the error for a length that no correct peer sends. */
  readonly violation: (message: string) => Error;
  /**
   * Where lengths 0 and 1 mark two words that are not a packet but news of the bus itself: called
   * with the mark and the word before it. Without it they are violations.
   */
  readonly onProgress?: (kind: number, value: number) => void;
}

/**
 * Cuts a stream of words into packets, in memory that only we can write.
 *
 * The peer chooses a packet's length, but the buffer grows only as words of it really arrive: above
 * its first size it is never made larger than twice what it holds.
 *
 * Fill it with `room` and `filled`, then take packets with `next` until that returns false.
 */
export class PacketAssembler {
  readonly #packetWordsMax: number;
  /** A packet of the largest size with what was moved in behind it. */
  readonly #usefulBytesMax: number;
  readonly #violation: (message: string) => Error;
  readonly #onProgress: ((kind: number, value: number) => void) | null;
  #bytes = new Uint8Array(BUFFER_BYTES_MIN);
  #words = new Uint32Array(this.#bytes.buffer);
  /** The first word not yet delivered. */
  #beginWord = 0;
  #endByte = 0;
  #isDelivering = false;

  constructor(options: PacketAssemblerOptions) {
    this.#packetWordsMax = options.packetWordsMax;
    this.#usefulBytesMax = options.packetWordsMax * 4 + FILL_BYTES_MAX;
    this.#violation = options.violation;
    this.#onProgress = options.onProgress ?? null;
  }

  /** Where the next bytes go. Valid until the next call of any method. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** The same memory as words, for a source whose pieces are whole words. */
  get words(): Uint32Array {
    return this.#words;
  }

  get endByte(): number {
    return this.#endByte;
  }

  /** Whether nothing waits: no packet, and no part of one. */
  get isEmpty(): boolean {
    return this.#endByte === this.#beginWord * 4;
  }

  /** Makes room for at least `byteCount` bytes behind `endByte`. */
  makeRoom(byteCount: number): void {
    if (this.#endByte + byteCount <= this.#bytes.length) return;
    const heldBytes = this.#endByte - this.#beginWord * 4;
    const neededBytes = heldBytes + byteCount;
    // A packet that is being read right now must stay as it is: then the rest moves elsewhere.
    if (neededBytes <= this.#bytes.length && !this.#isDelivering) this.#bytes.copyWithin(0, this.#beginWord * 4, this.#endByte);
    else this.#resize(Math.max(neededBytes, Math.min(this.#bytes.length * 2, this.#usefulBytesMax)));
    this.#beginWord = 0;
    this.#endByte = heldBytes;
  }

  /** Bytes have been written behind `endByte`. */
  filled(byteCount: number): void {
    assert(this.#endByte + byteCount <= this.#bytes.length);
    this.#endByte += byteCount;
  }

  /**
   * Hands the next whole packet to `sink` and returns its length in words; 0 if there is none yet.
   * The sink may make room and fill, but not deliver.
   */
  deliverNext(sink: PacketSink): number {
    assert(!this.#isDelivering);
    const heldWords = (this.#endByte >>> 2) - this.#beginWord;
    if (heldWords < PACKET_HEADER_WORDS) return this.#nothingYet();
    const packetWords = this.#words[this.#beginWord + LENGTH_WORD] as number;
    if (packetWords < PACKET_HEADER_WORDS && this.#onProgress !== null) {
      this.#beginWord += PACKET_HEADER_WORDS;
      this.#onProgress(packetWords, this.#words[this.#beginWord - PACKET_HEADER_WORDS] as number);
      return PACKET_HEADER_WORDS;
    }
    if (packetWords < PACKET_HEADER_WORDS || packetWords > this.#packetWordsMax) {
      throw this.#violation(
        `Packet length (${packetWords} words) is outside of ${PACKET_HEADER_WORDS} to ${this.#packetWordsMax} words.`,
      );
    }
    if (heldWords < packetWords) return 0;
    const begin = this.#beginWord;
    this.#beginWord += packetWords;
    this.#isDelivering = true;
    try {
      sink(this.#words, begin, begin + packetWords);
    } finally {
      this.#isDelivering = false;
    }
    return packetWords;
  }

  #nothingYet(): 0 {
    if (this.isEmpty) {
      this.#beginWord = 0;
      this.#endByte = 0;
      if (this.#bytes.length > BUFFER_BYTES_KEPT_MAX) this.#resize(BUFFER_BYTES_MIN);
    }
    return 0;
  }

  /** Moves what is held to the start of a new buffer. */
  #resize(byteLength: number): void {
    const bytes = new Uint8Array((byteLength + 3) & ~3);
    bytes.set(this.#bytes.subarray(this.#beginWord * 4, this.#endByte));
    this.#bytes = bytes;
    this.#words = new Uint32Array(bytes.buffer);
  }
}

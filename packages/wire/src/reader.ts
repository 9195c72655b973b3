/**
 * Reads packets that a peer wrote. Everything read is checked against the packet's end before it is
 * used; a packet that does not add up is a GuestFault, whatever the peer.
 *
 * The words must be private: memory that the peer can write is copied out before it gets here.
 */
import { GuestFault } from '@gpup/base';
import { ABSENT_WORD, INLINE } from './writer.ts';

/** words[begin, end). */
export interface WordRange {
  readonly words: Uint32Array;
  readonly begin: number;
  readonly end: number;
}

/** A byte order mark is a character of the string like any other. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const scratchU32 = new Uint32Array(2);
const scratchF32 = new Float32Array(scratchU32.buffer);
const scratchF64 = new Float64Array(scratchU32.buffer);

const EMPTY = new Uint32Array(0);
/** Below this, a loop over the bytes beats a call into the decoder. */
const SHORT_STRING_BYTES_MAX = 32;

export class Reader {
  words: Uint32Array = EMPTY;
  #bytes: Uint8Array = new Uint8Array(0);
  position = 0;
  end = 0;
  /** Bytes that payload may lie in besides the packet itself: a guest's heap, or none. */
  heap: Uint8Array | null = null;

  /** Starts to read words[begin, end). The buffer must stay unchanged until reading is over. */
  open(words: Uint32Array, begin: number, end: number): void {
    if (words !== this.words) {
      this.words = words;
      this.#bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    }
    this.position = begin;
    this.end = end;
  }

  /** The packet must be used up: trailing words mean that the peer speaks another dialect. */
  close(): void {
    if (this.position !== this.end) {
      throw new GuestFault('packet-trailing', `The packet has ${this.end - this.position} words after its last field.`);
    }
  }

  /** Claims `count` words and returns the index of the first. */
  take(count: number): number {
    const at = this.position;
    if (count > this.end - at) {
      throw new GuestFault('packet-truncated', `A field needs ${count} words, the packet has ${this.end - at} left.`);
    }
    this.position = at + count;
    return at;
  }

  u32(): number {
    const at = this.position;
    if (at >= this.end) this.take(1);
    this.position = at + 1;
    return this.words[at] as number;
  }

  i32(): number {
    return this.u32() | 0;
  }

  bool(): boolean {
    const value = this.u32();
    if (value > 1) throw new GuestFault('bad-boolean', `A boolean is ${value}.`);
    return value === 1;
  }

  u64(): number {
    const at = this.take(2);
    const high = this.words[at + 1] as number;
    if (high >= 0x200000) throw new GuestFault('bad-integer', `A 64-bit field has the high word ${high}, beyond 2^53.`);
    return high * 0x100000000 + (this.words[at] as number);
  }

  optionalU64(): number | undefined {
    const at = this.position;
    if (this.end - at >= 2 && this.words[at] === ABSENT_WORD && this.words[at + 1] === ABSENT_WORD) {
      this.position = at + 2;
      return undefined;
    }
    return this.u64();
  }

  /** Finite: Web IDL's `float` admits no NaN and no infinity. */
  f32(): number {
    scratchU32[0] = this.u32();
    return finite(scratchF32[0] as number);
  }

  f64(): number {
    const at = this.take(2);
    scratchU32[0] = this.words[at] as number;
    scratchU32[1] = this.words[at + 1] as number;
    return finite(scratchF64[0] as number);
  }

  string(): string {
    const byteLength = this.u32();
    const at = this.take(Math.ceil(byteLength / 4));
    const begin = at * 4;
    if (byteLength <= SHORT_STRING_BYTES_MAX) {
      const short = this.#shortString(begin, begin + byteLength);
      if (short !== undefined) return short;
    }
    return decoder.decode(this.#bytes.subarray(begin, begin + byteLength));
  }

  #shortString(begin: number, end: number): string | undefined {
    let text = '';
    for (let i = begin; i < end; i++) {
      const byte = this.#bytes[i] as number;
      if (byte > 0x7f) return undefined;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** A view: of the packet, or of the heap, which the peer may still be writing. */
  payload(): Uint8Array {
    const byteLength = this.u32();
    const location = this.u32();
    if (location === INLINE) {
      const at = this.take(Math.ceil(byteLength / 4));
      return this.#bytes.subarray(at * 4, at * 4 + byteLength);
    }
    return this.heapRange(location, byteLength);
  }

  heapRange(offset: number, byteLength: number): Uint8Array {
    const heap = this.heap;
    if (heap === null || offset > heap.byteLength || byteLength > heap.byteLength - offset) {
      throw new GuestFault(
        'heap-range',
        `Payload at ${offset} of ${byteLength} bytes is outside the heap of ${heap?.byteLength ?? 0} bytes.`,
      );
    }
    return heap.subarray(offset, offset + byteLength);
  }

  /** The number of elements that follow; each has at least one word, so no count can size more than the packet. */
  count(): number {
    const count = this.u32();
    if (count > this.end - this.position) {
      throw new GuestFault('bad-count', `A sequence claims ${count} elements, the packet has ${this.end - this.position} words left.`);
    }
    return count;
  }

  u32Array(): Uint32Array {
    const count = this.count();
    const at = this.take(count);
    return this.words.subarray(at, at + count);
  }

  /** A counted block of words; the range stays valid as long as the packet. */
  block(): WordRange {
    const count = this.count();
    const begin = this.take(count);
    return { words: this.words, begin, end: begin + count };
  }

  enumValue(names: readonly string[]): string {
    const value = this.u32();
    const name = names[value];
    if (name === undefined || value === 0) throw new GuestFault('bad-enum', `An enum value is ${value}, the largest known is ${names.length - 1}.`);
    return name;
  }

  enumOrNull(names: readonly string[]): string | null {
    if (this.position < this.end && this.words[this.position] === 0) {
      this.position++;
      return null;
    }
    return this.enumValue(names);
  }

  /** A dictionary's presence word: unknown bits would hide fields that this side cannot skip. */
  presence(known: number, required: number): number {
    const bits = this.u32();
    if ((bits & ~known) !== 0) throw new GuestFault('unknown-field', `A dictionary has unknown fields (bits 0x${((bits & ~known) >>> 0).toString(16)}).`);
    if ((bits & required) !== required) {
      throw new GuestFault('missing-field', `A dictionary lacks required fields (bits 0x${((required & ~bits) >>> 0).toString(16)}).`);
    }
    return bits;
  }
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new GuestFault('bad-float', `A floating-point field is ${value}.`);
  return value;
}

/**
 * Writes packets as 32-bit little-endian words into one growing buffer.
 *
 * The buffer belongs to the writer; `words` is replaced when it grows, so nobody keeps it across a
 * call that writes. Layouts of the primitive types are described in docs/protocol.md.
 */
export const INLINE = 0xffffffff;
/** A 64-bit field that is absent: no size or offset is that large. */
export const ABSENT_WORD = 0xffffffff;

/** Any view of bytes: an array of words or floats is copied as it is, without a view of its bytes. */
export type Payload = Uint8Array | Uint32Array | Float32Array;

/** Puts payload where the host can see it without a copy. Returns the offset, or -1 for "send it inside the packet". */
export type PayloadPlacer = (data: Payload) => number;

const NO_PLACE: PayloadPlacer = () => -1;
const encoder = new TextEncoder();
/** Longer strings are cheaper through TextEncoder than character by character. */
const SHORT_STRING_LENGTH_MAX = 40;

const scratchF64 = new Float64Array(1);
const scratchU32 = new Uint32Array(scratchF64.buffer);

export class Writer {
  words: Uint32Array;
  /** The same memory as `words`. */
  floats: Float32Array;
  #bytes: Uint8Array;
  length = 0;
  place: PayloadPlacer = NO_PLACE;
  /** What is longer loses its end: the peer would not take it. */
  stringBytesMax = Number.POSITIVE_INFINITY;

  constructor(capacityWords = 1024) {
    this.words = new Uint32Array(capacityWords);
    this.floats = new Float32Array(this.words.buffer);
    this.#bytes = new Uint8Array(this.words.buffer);
  }

  /** Makes room for `count` words and returns the index of the first. The caller writes them all. */
  reserve(count: number): number {
    const at = this.length;
    const end = at + count;
    if (end > this.words.length) this.grow(end);
    this.length = end;
    return at;
  }

  /** Makes room for `needed` words in all. */
  grow(needed: number): void {
    let capacity = this.words.length * 2;
    while (capacity < needed) capacity *= 2;
    const words = new Uint32Array(capacity);
    words.set(this.words);
    this.words = words;
    this.floats = new Float32Array(words.buffer);
    this.#bytes = new Uint8Array(words.buffer);
  }

  /** Starts a packet; `end` with the returned position writes its length. */
  begin(opcode: number): number {
    const at = this.reserve(2);
    this.words[at] = opcode;
    return at;
  }

  end(at: number): void {
    this.words[at + 1] = this.length - at;
  }

  /** Starts a recorded command: one word of number and length, as most commands are short. */
  beginCommand(op: number): number {
    const at = this.reserve(1);
    this.words[at] = op;
    return at;
  }

  endCommand(at: number): void {
    const length = this.length - at;
    if (length < 0xffff) this.words[at] = (this.words[at] as number) | (length << 16);
    else this.lengthenCommand(at, this.words[at] as number);
  }

  /** Long form of the command that was written last: the length does not fit into 16 bits, so it gets a word of its own. */
  lengthenCommand(at: number, op: number): void {
    const length = this.length - at;
    this.reserve(1);
    this.words.copyWithin(at + 2, at + 1, this.length - 1);
    this.words[at] = op | 0xffff0000;
    this.words[at + 1] = length + 1;
  }

  u32(value: number): void {
    const at = this.reserve(1);
    this.words[at] = value;
  }

  bool(value: boolean): void {
    this.u32(value ? 1 : 0);
  }

  /** An integer in [0, 2^53). */
  u64(value: number): void {
    const at = this.reserve(2);
    this.words[at] = value >>> 0;
    this.words[at + 1] = value > 0xffffffff ? value / 0x100000000 : 0;
  }

  optionalU64(value: number | undefined): void {
    if (value !== undefined) return this.u64(value);
    const at = this.reserve(2);
    this.words[at] = ABSENT_WORD;
    this.words[at + 1] = ABSENT_WORD;
  }

  f32(value: number): void {
    const at = this.reserve(1);
    this.floats[at] = value;
  }

  f64(value: number): void {
    const at = this.reserve(2);
    scratchF64[0] = value;
    this.words[at] = scratchU32[0] as number;
    this.words[at + 1] = scratchU32[1] as number;
  }

  string(value: string): void {
    const length = value.length;
    if (length === 0) return this.u32(0);
    if (length <= SHORT_STRING_LENGTH_MAX && length <= this.stringBytesMax && this.#shortString(value, length)) return;
    const bytesMax = Math.min(length * 3, this.stringBytesMax);
    const at = this.reserve(1 + ((bytesMax + 3) >>> 2));
    // Stops before a character that has no room.
    const { written } = encoder.encodeInto(value, this.#bytes.subarray((at + 1) * 4, (at + 1) * 4 + bytesMax));
    this.words[at] = written;
    this.length = at + 1 + ((written + 3) >>> 2);
    this.#zeroTail((at + 1) * 4 + written);
  }

  /** False, with nothing written, where a character is not ASCII. */
  #shortString(value: string, length: number): boolean {
    const at = this.reserve(1 + ((length + 3) >>> 2));
    const bytes = this.#bytes;
    const begin = (at + 1) * 4;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) {
        this.length = at;
        return false;
      }
      bytes[begin + i] = code;
    }
    this.words[at] = length;
    this.#zeroTail(begin + length);
    return true;
  }

  /** Bytes between the end of data and the next word are zero, so that equal content is equal words. */
  #zeroTail(from: number): void {
    for (let i = from; (i & 3) !== 0; i++) this.#bytes[i] = 0;
  }

  /** [byteLength, heap offset | INLINE, bytes if inline]. */
  payload(data: Payload): void {
    const offset = this.place(data);
    const { byteLength } = data;
    if (offset >= 0) {
      const at = this.reserve(2);
      this.words[at] = byteLength;
      this.words[at + 1] = offset;
      return;
    }
    const at = this.reserve(2 + ((byteLength + 3) >>> 2));
    this.words[at] = byteLength;
    this.words[at + 1] = INLINE;
    this.#copy(data, at + 2);
    this.#zeroTail((at + 2) * 4 + byteLength);
  }

  /** Between arrays of one kind bytes are copied; between others, values would be converted. */
  #copy(data: Payload, at: number): void {
    if (data instanceof Uint8Array) this.#bytes.set(data, at * 4);
    else if (data instanceof Float32Array) this.floats.set(data, at);
    else this.words.set(data, at);
  }

  /** A block of words with its count in front. */
  block({ words, begin, end }: { readonly words: Uint32Array; readonly begin: number; readonly end: number }): void {
    const at = this.reserve(1 + end - begin);
    this.words[at] = end - begin;
    this.words.set(words.subarray(begin, end), at + 1);
  }

  reset(): void {
    this.length = 0;
  }
}

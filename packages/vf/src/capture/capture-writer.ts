import { assert } from '@gpup/base';
import { crc32, crc32OfWords } from './crc32.ts';
import { alignedBytes, CAPTURE_LIMITS, CAPTURE_VERSION, type CapturedReply, type CaptureHeader, END_REASONS, END_RECORD_BYTES, type EndReason, MAGIC, RECORD } from './format.ts';

/** Where a capture goes. Positions are those of the file. */
export interface CaptureSink {
  /** Writes all of it before it returns, or throws. */
  write(bytes: Uint8Array, position: number): void;
  close(): void;
}

export interface CaptureWriterOptions {
  readonly sink: CaptureSink;
  readonly header: CaptureHeader;
  readonly bytesMax?: number;
  /** Told once, when nothing more can be written: the disk is full, for example. */
  readonly failed?: (error: Error) => void;
}

/** Scratch memory beyond this is given back after the record that needed it. */
const SCRATCH_WORDS_KEPT = 1 << 18;

/**
 * Writes a capture. Each call leaves a whole file behind: records, and an end marker that the next one overwrites.
 * Once the file would grow beyond its limit, or cannot be written, nothing more is: the context itself goes on.
 */
export class CaptureWriter {
  readonly #sink: CaptureSink;
  readonly #bytesMax: number;
  readonly #failed: (error: Error) => void;
  /** Where the end marker is. */
  #position = 0;
  #scratch = new Uint32Array(1024);
  #length = 0;
  /** Where in the scratch memory the record begins that is being written. */
  #recordAt = 0;
  #isOver = false;

  /** Throws where the file cannot be written at all. */
  constructor({ sink, header, bytesMax = CAPTURE_LIMITS.fileBytesMax, failed = () => {} }: CaptureWriterOptions) {
    assert(bytesMax >= CAPTURE_LIMITS.fileBytesMin);
    this.#sink = sink;
    this.#bytesMax = bytesMax;
    this.#failed = failed;
    this.#header(header);
    this.#commit('open');
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The packet words[begin, end), and what of the heap is its payload. */
  packet(position: number, words: Uint32Array, { begin, end, payload }: { readonly begin: number; readonly end: number; readonly payload: HeapPayload | null }): void {
    if (this.#isOver) return;
    if (payload !== null) this.#payload(payload);
    const at = this.#open(RECORD.packet, (1 + end - begin) * 4);
    this.#scratch[at] = position;
    this.#scratch.set(words.subarray(begin, end), at + 1);
    this.#seal();
    this.#commit('open');
  }

  reply({ wordCount, checksum, regionBytes, regionChecksum, words }: CapturedReply): void {
    if (this.#isOver) return;
    const at = this.#open(RECORD.reply, (4 + words.length) * 4);
    this.#scratch.set([wordCount, checksum, regionBytes, regionChecksum], at);
    this.#scratch.set(words, at + 4);
    this.#seal();
    this.#commit('open');
  }

  /** The context is over. Nothing may follow. */
  end(reason: EndReason): void {
    if (this.#isOver) return;
    this.#commit(reason);
    this.#close();
  }

  #header(header: CaptureHeader): void {
    const json = new TextEncoder().encode(JSON.stringify(header));
    const wordCount = 4 + alignedBytes(json.length) / 4;
    this.#reserve(wordCount + 1);
    this.#scratch.set([...MAGIC, CAPTURE_VERSION, json.length]);
    this.#bytesAt(4).set(json);
    this.#length = wordCount;
    this.#scratch[wordCount] = crc32OfWords(this.#scratch.subarray(0, wordCount));
    this.#length++;
  }

  #payload({ heapOffset, bytes }: HeapPayload): void {
    for (let offset = 0; offset < bytes.length; offset += CAPTURE_LIMITS.blobBytesMax) {
      const piece = bytes.subarray(offset, offset + CAPTURE_LIMITS.blobBytesMax);
      const at = this.#open(RECORD.blob, 8 + alignedBytes(piece.length));
      this.#scratch.set([heapOffset + offset, piece.length], at);
      this.#bytesAt(at + 2).set(piece);
      this.#seal();
    }
  }

  #bytesAt(word: number): Uint8Array {
    return new Uint8Array(this.#scratch.buffer, word * 4);
  }

  /** Makes room for a record of so many bytes, all zero, and returns where its content begins. */
  #open(type: number, byteLength: number): number {
    const at = this.#length;
    const end = at + 2 + byteLength / 4;
    this.#reserve(end + 1);
    this.#scratch.fill(0, at, end);
    this.#scratch[at] = type;
    this.#scratch[at + 1] = byteLength;
    this.#recordAt = at;
    this.#length = end;
    return at + 2;
  }

  #seal(): void {
    this.#scratch[this.#length] = crc32OfWords(this.#scratch.subarray(this.#recordAt, this.#length));
    this.#length++;
  }

  #reserve(wordCount: number): void {
    if (wordCount <= this.#scratch.length) return;
    const grown = new Uint32Array(Math.max(wordCount, this.#scratch.length * 2));
    grown.set(this.#scratch.subarray(0, this.#length));
    this.#scratch = grown;
  }

  /** Writes what has been gathered, and an end marker behind it; if that is too much, the marker alone. */
  #commit(reason: EndReason): void {
    const isFull = this.#position + this.#length * 4 + END_RECORD_BYTES > this.#bytesMax;
    if (isFull) this.#length = 0;
    const dataBytes = this.#length * 4;
    const at = this.#open(RECORD.end, 4);
    this.#scratch[at] = END_REASONS.indexOf(isFull ? 'size-limit' : reason);
    this.#seal();
    try {
      this.#sink.write(new Uint8Array(this.#scratch.buffer, 0, this.#length * 4), this.#position);
    } catch (error) {
      this.#close();
      if (this.#position === 0) throw error;
      this.#failed(error as Error);
    }
    this.#position += dataBytes;
    this.#length = 0;
    if (this.#scratch.length > SCRATCH_WORDS_KEPT) this.#scratch = new Uint32Array(1024);
    if (isFull) this.#close();
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink.close();
  }
}

/** Bytes of the heap as they are now. */
export interface HeapPayload {
  readonly heapOffset: number;
  readonly bytes: Uint8Array;
}

/** What is kept of a reply. `region`: the bytes that it has delivered to the heap. */
export function capturedReply(words: Uint32Array, region: Uint8Array | null): CapturedReply {
  return {
    wordCount: words.length,
    checksum: crc32OfWords(words),
    regionBytes: region?.length ?? 0,
    regionChecksum: region === null ? 0 : crc32(region),
    words: words.slice(0, CAPTURE_LIMITS.replyWordsMax),
  };
}

import { crc32OfWords } from './crc32.ts';
import { alignedBytes, CAPTURE_LIMITS, CAPTURE_VERSION, CaptureError, type CaptureHeader, type CaptureRecord, END_REASONS, HEADER_WORDS, MAGIC, RECORD, RECORD_FRAME_BYTES } from './format.ts';

/** A file, or bytes in memory. */
export interface CaptureSource {
  readonly byteLength: number;
  /** Exactly these bytes, which lie within `byteLength`, in memory of the caller's own, aligned to words. */
  read(offset: number, byteLength: number): Uint8Array;
}

export function sourceOfBytes(bytes: Uint8Array): CaptureSource {
  return { byteLength: bytes.length, read: (offset, byteLength) => new Uint8Array(bytes.subarray(offset, offset + byteLength)) };
}

/**
 * Reads a capture, record after record, and checks each before it gives it out. Throws a CaptureError that names
 * the place where the file stops to be one.
 */
export class CaptureReader {
  readonly header: CaptureHeader;
  readonly #source: CaptureSource;
  #offset: number;

  constructor(source: CaptureSource) {
    this.#source = source;
    const [magic0, magic1, version, jsonBytes] = this.#words(0, HEADER_WORDS * 4, 'is too short to be one') as unknown as [number, number, number, number];
    if (magic0 !== MAGIC[0] || magic1 !== MAGIC[1]) throw new CaptureError(0, 'does not begin as one');
    if (version !== CAPTURE_VERSION) throw new CaptureError(8, `has version ${version}, this program reads version ${CAPTURE_VERSION}`);
    if (jsonBytes > CAPTURE_LIMITS.headerBytesMax) throw new CaptureError(12, `has a header of ${jsonBytes} bytes, the limit is ${CAPTURE_LIMITS.headerBytesMax}`);
    this.#offset = HEADER_WORDS * 4 + alignedBytes(jsonBytes);
    const words = this.#words(0, this.#offset, 'ends in its header');
    const [checksum] = this.#words(this.#offset, 4, 'ends in its header');
    if (crc32OfWords(words) !== checksum) throw new CaptureError(0, 'has a damaged header: its checksum differs');
    this.#offset += 4;
    this.header = decodeHeader(new TextDecoder().decode(new Uint8Array(words.buffer, words.byteOffset + HEADER_WORDS * 4, jsonBytes)));
  }

  /** Where the next record begins. */
  get offset(): number {
    return this.#offset;
  }

  /** Up to the end marker and with it. */
  *records(): Generator<CaptureRecord> {
    for (;;) {
      const record = this.#next();
      yield record;
      if (record.type !== 'end') continue;
      if (this.#offset !== this.#source.byteLength) throw new CaptureError(this.#offset, `has ${this.#source.byteLength - this.#offset} bytes behind its end marker`);
      return;
    }
  }

  #next(): CaptureRecord {
    const at = this.#offset;
    if (at === this.#source.byteLength) throw new CaptureError(at, 'is cut off: it has no end marker');
    const [type, byteLength] = this.#words(at, 8, 'is cut off inside of a record') as unknown as [number, number];
    if (byteLength % 4 !== 0 || byteLength > CAPTURE_LIMITS.recordBytesMax) {
      throw new CaptureError(at, `has a record of ${byteLength} bytes, which is no length that one has (whole words, up to ${CAPTURE_LIMITS.recordBytesMax} bytes)`);
    }
    const words = this.#words(at, byteLength + RECORD_FRAME_BYTES, 'is cut off inside of a record');
    if (crc32OfWords(words.subarray(0, -1)) !== words.at(-1)) throw new CaptureError(at, 'is damaged: the checksum of a record differs');
    this.#offset = at + byteLength + RECORD_FRAME_BYTES;
    return decodeRecord(type, words.subarray(2, -1), at);
  }

  #words(offset: number, byteLength: number, otherwise: string): Uint32Array {
    if (offset + byteLength > this.#source.byteLength) throw new CaptureError(this.#source.byteLength, otherwise);
    const bytes = this.#source.read(offset, byteLength);
    return new Uint32Array(bytes.buffer, bytes.byteOffset, byteLength / 4);
  }
}

function decodeRecord(type: number, content: Uint32Array, at: number): CaptureRecord {
  switch (type) {
    case RECORD.packet: {
      const words = content.subarray(1);
      if (words.length < 2 || words[1] !== words.length) throw new CaptureError(at, 'has a packet whose length is not what it says');
      return { type: 'packet', position: content[0] as number, words };
    }
    case RECORD.blob: {
      const [heapOffset, byteLength] = content as unknown as [number, number];
      if (content.length < 2 || alignedBytes(byteLength) !== content.byteLength - 8) throw new CaptureError(at, 'has payload whose length is not what it says');
      return { type: 'blob', heapOffset, bytes: new Uint8Array(content.buffer, content.byteOffset + 8, byteLength) };
    }
    case RECORD.reply: {
      const [wordCount, checksum, regionBytes, regionChecksum] = content as unknown as [number, number, number, number];
      if (content.length < 6) throw new CaptureError(at, 'has a reply that is too short to be one');
      return { type: 'reply', wordCount, checksum, regionBytes, regionChecksum, words: content.subarray(4) };
    }
    case RECORD.end: {
      const reason = END_REASONS[content[0] as number];
      if (content.length !== 1 || reason === undefined) throw new CaptureError(at, 'has an end marker without a reason');
      return { type: 'end', reason };
    }
    default:
      throw new CaptureError(at, `has a record of the unknown type ${type}`);
  }
}

const HEADER_OFFSET = HEADER_WORDS * 4;

function decodeHeader(text: string): CaptureHeader {
  const fields = jsonObject(text);
  const { protocol, idlHash, heapBytes, vramBytes, escapes, startedAt } = fields;
  const wrong = (name: string): CaptureError => new CaptureError(HEADER_OFFSET, `has an invalid ${name} (${JSON.stringify(fields[name])}) in its header`);
  if (typeof protocol !== 'string') throw wrong('protocol');
  if (typeof idlHash !== 'string') throw wrong('idlHash');
  if (typeof startedAt !== 'string') throw wrong('startedAt');
  if (!isSizeOrNull(heapBytes, CAPTURE_LIMITS.heapBytesMax)) throw wrong('heapBytes');
  if (!isSizeOrNull(vramBytes, Number.MAX_SAFE_INTEGER)) throw wrong('vramBytes');
  if (!Array.isArray(escapes) || !escapes.every((name) => typeof name === 'string')) throw wrong('escapes');
  return { protocol, idlHash, heapBytes, vramBytes, escapes: escapes as string[], startedAt };
}

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Not JSON: told below.
  }
  throw new CaptureError(HEADER_OFFSET, 'has a header that is not a JSON object');
}

function isSizeOrNull(value: unknown, bytesMax: number): value is number | null {
  return value === null || (typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value <= bytesMax);
}

/**
 * The file that a captured context is kept in: docs/capture.md. A header, then records, the last of which is an
 * end marker. Everything is 32-bit little-endian words, each part with a length in front and a checksum behind.
 *
 * A file comes from anywhere: it is read as a guest's packets are, and nothing in it sizes an allocation before it
 * was compared with a limit and with the file's own length.
 */

/** "gpupcap" and a newline, which a transfer as text would change. */
export const MAGIC: readonly number[] = [0x75707067, 0x0a706163];
/** Another version is another format: records are never changed, and a reader refuses what it does not know. */
export const CAPTURE_VERSION = 1;

export const RECORD = {
  /** [position in the guest's stream, in words mod 2^32; the packet] */
  packet: 1,
  /** [offset in the heap; byte length; bytes], before the packet whose payload they are. */
  blob: 2,
  /** [words; checksum of them; bytes of the heap that it delivers; checksum of those; the first words] */
  reply: 3,
  /** [why] */
  end: 4,
} as const;

/** Why a capture has ended. Written behind every record, and over it by the next: so a process that is killed leaves a whole file. */
export const END_REASONS = ['open', 'closed', 'fault', 'size-limit'] as const;
export type EndReason = (typeof END_REASONS)[number];

/** Magic, version, and the byte length of the JSON that follows. */
export const HEADER_WORDS = 4;
/** Type and byte length in front of a record. */
export const RECORD_HEAD_WORDS = 2;
export const RECORD_FRAME_BYTES = (RECORD_HEAD_WORDS + 1) * 4;
export const END_RECORD_BYTES = RECORD_FRAME_BYTES + 4;

export const CAPTURE_LIMITS = {
  headerBytesMax: 64 << 10,
  /** A packet of the largest size, or a piece of payload. */
  recordBytesMax: (64 << 20) + 64,
  /** Payload is cut into records of this size. */
  blobBytesMax: 1 << 20,
  /** Of a reply, so many words are kept; of the rest a checksum. */
  replyWordsMax: 64,
  /** Of the whole file, end marker included, unless the operator says otherwise. */
  fileBytesMax: 1 << 30,
  /** A header of the largest size, and something behind it. */
  fileBytesMin: 1 << 20,
  /** What a file may ask for when it is replayed. */
  heapBytesMax: 2 ** 31,
} as const;

/** What it takes to make a context like the one that was captured. */
export interface CaptureHeader {
  /** Of the host that captured, as `major.minor`. */
  readonly protocol: string;
  readonly idlHash: string;
  /** Null: a byte stream. */
  readonly heapBytes: number | null;
  /** Null: no budget. */
  readonly vramBytes: number | null;
  /** Names of the escapes that were open. */
  readonly escapes: readonly string[];
  readonly startedAt: string;
}

export type CaptureRecord =
  | { readonly type: 'packet'; readonly position: number; readonly words: Uint32Array }
  | { readonly type: 'blob'; readonly heapOffset: number; readonly bytes: Uint8Array }
  | ({ readonly type: 'reply' } & CapturedReply)
  | { readonly type: 'end'; readonly reason: EndReason };

export interface CapturedReply {
  readonly wordCount: number;
  readonly checksum: number;
  /** Of what a mapping delivered to the heap. */
  readonly regionBytes: number;
  readonly regionChecksum: number;
  /** Its first words. */
  readonly words: Uint32Array;
}

/** The file is damaged, cut off, or none of ours. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError';
  /** Where in the file, in bytes. */
  readonly offset: number;

  constructor(offset: number, what: string) {
    super(`The capture ${what} (offset ${offset}).`);
    this.offset = offset;
  }
}

export function alignedBytes(byteLength: number): number {
  return Math.ceil(byteLength / 4) * 4;
}

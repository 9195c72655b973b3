import { assert } from '@gpup/base';

/**
 * What lies where in the aperture: a page of header words, the command ring (guest to host), the
 * reply ring (host to guest), and the heap. Both ends compute it from the same three sizes.
 */
export const HEADER_BYTES = 4096;

/** 'GPUP' in memory, and the layout's version in the next word. */
export const APERTURE_MAGIC = 0x50555047;
export const APERTURE_VERSION = 1;

/** A cache line: words that different sides write do not share one. */
const LINE_WORDS = 16;

/** Indexes into the header as Int32Array. The names in brackets say who writes. */
export const HEADER = {
  magic: 0,
  version: 1,
  /** (guest) Stream position behind the last published command word. */
  commandTail: 1 * LINE_WORDS,
  /** (host) Stream position up to which the ring may be overwritten. */
  commandHead: 2 * LINE_WORDS,
  /** 1: the host sleeps; who stores commands exchanges it for 0 and then rings. */
  hostSleeping: 3 * LINE_WORDS,
  /** (host) */
  replyTail: 4 * LINE_WORDS,
  /** (guest) */
  replyHead: 5 * LINE_WORDS,
  /** 1: the guest sleeps. */
  guestSleeping: 6 * LINE_WORDS,
  /** (host) Position in the command stream behind the last packet that is executed. */
  executed: 7 * LINE_WORDS,
  /** (host) Serial of the last completed submit, mod 2^32. */
  completed: 8 * LINE_WORDS,
  /** 1: the guest waits for room in the command ring; who makes room exchanges it for 0 and rings. */
  guestWantsRoom: 9 * LINE_WORDS,
  /** 1: the host waits for room in the reply ring. */
  hostWantsRoom: 10 * LINE_WORDS,
} as const;

export interface ApertureSizes {
  readonly commandRingBytes: number;
  readonly replyRingBytes: number;
  readonly heapBytes: number;
}

export interface ApertureLayout extends ApertureSizes {
  readonly commandRingOffset: number;
  readonly replyRingOffset: number;
  readonly heapOffset: number;
  readonly sizeBytes: number;
}

const RING_BYTES_MAX = 1 << 30;
const HEAP_BYTES_MAX = 2 ** 32 - 8;

/** Null if no aperture has these sizes. */
export function layoutAperture({ commandRingBytes, replyRingBytes, heapBytes }: ApertureSizes): ApertureLayout | null {
  if (!isRingSize(commandRingBytes) || !isRingSize(replyRingBytes)) return null;
  if (!Number.isInteger(heapBytes) || heapBytes <= 0 || heapBytes > HEAP_BYTES_MAX || heapBytes % HEADER_BYTES !== 0) return null;
  const commandRingOffset = HEADER_BYTES;
  const replyRingOffset = commandRingOffset + commandRingBytes;
  const heapOffset = replyRingOffset + replyRingBytes;
  const sizeBytes = heapOffset + heapBytes;
  return { commandRingBytes, replyRingBytes, heapBytes, commandRingOffset, replyRingOffset, heapOffset, sizeBytes };
}

/** A power of two, so that positions mod 2^32 fall on the same place in the ring after they wrap. */
function isRingSize(byteCount: number): boolean {
  return Number.isInteger(byteCount) && byteCount >= HEADER_BYTES && byteCount <= RING_BYTES_MAX && (byteCount & (byteCount - 1)) === 0;
}

/** The parts of an aperture as views of one buffer. */
export interface Aperture {
  readonly control: Int32Array;
  readonly commandRing: Uint32Array;
  readonly replyRing: Uint32Array;
  readonly heap: Uint8Array;
}

export function viewAperture(buffer: ArrayBufferLike, layout: ApertureLayout): Aperture {
  assert(buffer.byteLength === layout.sizeBytes);
  return {
    control: new Int32Array(buffer, 0, HEADER_BYTES / 4),
    commandRing: new Uint32Array(buffer, layout.commandRingOffset, layout.commandRingBytes / 4),
    replyRing: new Uint32Array(buffer, layout.replyRingOffset, layout.replyRingBytes / 4),
    heap: new Uint8Array(buffer, layout.heapOffset, layout.heapBytes),
  };
}

/** For the host, on memory that is all zeros. Both streams start at `position`. */
export function initializeHeader(control: Int32Array, position = 0): void {
  for (const index of [HEADER.commandTail, HEADER.commandHead, HEADER.replyTail, HEADER.replyHead, HEADER.executed]) {
    Atomics.store(control, index, position);
  }
  Atomics.store(control, HEADER.version, APERTURE_VERSION);
  Atomics.store(control, HEADER.magic, APERTURE_MAGIC);
}

/** For the guest: what is wrong with the header, or null. */
export function headerDefect(control: Int32Array): string | null {
  const magic = Atomics.load(control, HEADER.magic);
  const version = Atomics.load(control, HEADER.version);
  if (magic !== APERTURE_MAGIC) return `Aperture magic (0x${(magic >>> 0).toString(16)}) is not 0x${APERTURE_MAGIC.toString(16)}.`;
  if (version !== APERTURE_VERSION) return `Aperture version (${version}) is not ${APERTURE_VERSION}.`;
  return null;
}

import { assert } from '@gpup/base';

/** Offsets and sizes are multiples of this. */
const GRAIN_BYTES = 8;
/** Each power of two is split into this many size classes. */
const CLASSES_PER_DOUBLING_LOG2 = 4;
const CLASSES_PER_DOUBLING = 1 << CLASSES_PER_DOUBLING_LOG2;
/** Sizes below 2^29 grains: the whole of a 4 GiB heap. */
const DOUBLINGS = 30 - CLASSES_PER_DOUBLING_LOG2;
/** How far to look through blocks that may or may not be large enough. */
const SCAN_COUNT_MAX = 32;

/** A piece of the arena; the pieces lie side by side without gaps. Sizes in grains. */
interface Block {
  offset: number;
  size: number;
  isFree: boolean;
  before: Block | null;
  after: Block | null;
  previousFree: Block | null;
  nextFree: Block | null;
}

/**
 * Allocates regions of a heap. Two-level segregated fit (Masmano and others, "TLSF: a new dynamic
 * memory allocator for real-time systems", 2004): both operations take constant time, neighbours
 * that are free are always one block, and a region is at most a sixteenth larger than what was
 * looked for. What it knows lies beside the heap, not in it.
 */
export class HeapArena {
  readonly #regions = new Map<number, Block>();
  /** First free block of each class; a bit per class and a bit per doubling say where there are any. */
  readonly #firstFree: (Block | null)[] = new Array<Block | null>(DOUBLINGS * CLASSES_PER_DOUBLING).fill(null);
  readonly #classBits = new Uint32Array(DOUBLINGS);
  #doublingBits = 0;
  #usedGrains = 0;

  constructor(sizeBytes: number) {
    assert(sizeBytes >= GRAIN_BYTES && sizeBytes <= 2 ** 32);
    this.#insertFree({
      offset: 0,
      size: Math.floor(sizeBytes / GRAIN_BYTES),
      isFree: true,
      before: null,
      after: null,
      previousFree: null,
      nextFree: null,
    });
  }

  get usedBytes(): number {
    return this.#usedGrains * GRAIN_BYTES;
  }

  get regionCount(): number {
    return this.#regions.size;
  }

  /** Returns the offset of a region of at least `byteLength` bytes, or -1. */
  reserve(byteLength: number): number {
    assert(Number.isSafeInteger(byteLength) && byteLength >= 0);
    const size = Math.max(1, Math.ceil(byteLength / GRAIN_BYTES));
    if (size >= 2 ** 30) return -1;
    const block = this.#find(size);
    if (block === null) return -1;
    this.#removeFree(block);
    block.isFree = false;
    if (block.size > size) this.#insertFree(this.#splitOff(block, size));
    this.#regions.set(block.offset, block);
    this.#usedGrains += size;
    return block.offset * GRAIN_BYTES;
  }

  release(offset: number): void {
    const block = this.#regions.get(offset / GRAIN_BYTES);
    assert(block !== undefined, 'released region is not reserved');
    this.#regions.delete(block.offset);
    this.#usedGrains -= block.size;
    let merged = block;
    if (block.after?.isFree) this.#absorbNext(merged);
    if (block.before?.isFree) {
      merged = block.before;
      this.#removeFree(merged);
      this.#join(merged, block);
    }
    this.#insertFree(merged);
  }

  /** The first block of a class whose every block is large enough; else one that just happens to be. */
  #find(size: number): Block | null {
    const doublingShift = Math.max(0, log2(size) - CLASSES_PER_DOUBLING_LOG2);
    const roundedUp = size + (1 << doublingShift) - 1;
    const block = this.#firstFrom(classOf(roundedUp));
    if (block !== null) return block;
    let candidate = this.#firstFree[classOf(size)] ?? null;
    for (let count = 0; candidate !== null && count < SCAN_COUNT_MAX; count += 1) {
      if (candidate.size >= size) return candidate;
      candidate = candidate.nextFree;
    }
    return null;
  }

  #firstFrom(classIndex: number): Block | null {
    const doubling = classIndex >>> CLASSES_PER_DOUBLING_LOG2;
    const classBits = (this.#classBits[doubling] ?? 0) & (-1 << (classIndex % CLASSES_PER_DOUBLING));
    if (classBits !== 0) return this.#firstFree[doubling * CLASSES_PER_DOUBLING + lowestBit(classBits)] ?? null;
    const doublingBits = this.#doublingBits & (-2 << doubling);
    if (doublingBits === 0) return null;
    const next = lowestBit(doublingBits);
    return this.#firstFree[next * CLASSES_PER_DOUBLING + lowestBit(this.#classBits[next] ?? 0)] ?? null;
  }

  /** Shortens a block and returns the rest as a new one. */
  #splitOff(block: Block, size: number): Block {
    const rest: Block = {
      offset: block.offset + size,
      size: block.size - size,
      isFree: true,
      before: block,
      after: block.after,
      previousFree: null,
      nextFree: null,
    };
    if (block.after !== null) block.after.before = rest;
    block.after = rest;
    block.size = size;
    return rest;
  }

  #absorbNext(block: Block): void {
    assert(block.after !== null);
    this.#removeFree(block.after);
    this.#join(block, block.after);
  }

  #join(block: Block, next: Block): void {
    block.size += next.size;
    block.after = next.after;
    if (next.after !== null) next.after.before = block;
  }

  #insertFree(block: Block): void {
    block.isFree = true;
    const classIndex = classOf(block.size);
    const first = this.#firstFree[classIndex] ?? null;
    block.previousFree = null;
    block.nextFree = first;
    if (first !== null) first.previousFree = block;
    this.#firstFree[classIndex] = block;
    const doubling = classIndex >>> CLASSES_PER_DOUBLING_LOG2;
    this.#classBits[doubling] = (this.#classBits[doubling] ?? 0) | (1 << (classIndex % CLASSES_PER_DOUBLING));
    this.#doublingBits |= 1 << doubling;
  }

  #removeFree(block: Block): void {
    const classIndex = classOf(block.size);
    if (block.previousFree !== null) block.previousFree.nextFree = block.nextFree;
    else this.#firstFree[classIndex] = block.nextFree;
    if (block.nextFree !== null) block.nextFree.previousFree = block.previousFree;
    if (this.#firstFree[classIndex] !== null) return;
    const doubling = classIndex >>> CLASSES_PER_DOUBLING_LOG2;
    const bits = (this.#classBits[doubling] ?? 0) & ~(1 << (classIndex % CLASSES_PER_DOUBLING));
    this.#classBits[doubling] = bits;
    if (bits === 0) this.#doublingBits &= ~(1 << doubling);
  }
}

function log2(value: number): number {
  return 31 - Math.clz32(value);
}

function lowestBit(bits: number): number {
  return log2(bits & -bits);
}

/** Classes 0 to 15 hold one size each; from there on 16 classes share each doubling. */
function classOf(size: number): number {
  const sizeLog2 = log2(size);
  if (sizeLog2 < CLASSES_PER_DOUBLING_LOG2) return size;
  const shift = sizeLog2 - CLASSES_PER_DOUBLING_LOG2;
  return (shift + 1) * CLASSES_PER_DOUBLING + ((size >>> shift) - CLASSES_PER_DOUBLING);
}

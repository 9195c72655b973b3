import { assert } from '@gpup/base';
import { HeapArena } from './heap-arena.ts';
import type { GuestHeap } from './link.ts';

/** Small payloads share blocks of this size, so that staging one is an addition. */
const STAGING_BLOCK_BYTES = 1 << 20;
/** No more than this part of a small heap goes into one block. */
const STAGING_BLOCKS_MIN = 8;
const ALIGNMENT_BYTES = 8;

/** A region of the arena that goes back to it once the host has executed up to `position`. */
interface StagedRegion {
  readonly offset: number;
  readonly position: number;
}

/** The block that small payloads go into at present. */
interface StagingBlock {
  readonly offset: number;
  readonly sizeBytes: number;
  usedBytes: number;
  /** Behind the last packet sent that names payload in this block. */
  position: number;
  /** Payload was staged since the last send. */
  isTouched: boolean;
}

/**
 * The guest's heap: reserved regions and staged payloads out of one arena, so that neither has to be
 * given a fixed share.
 */
export class StagedHeap implements GuestHeap {
  readonly sizeBytes: number;
  readonly bytes: Uint8Array;
  readonly #arena: HeapArena;
  readonly #executed: () => number;
  readonly #blockBytes: number;
  #block: StagingBlock | null = null;
  /** Staged since the last send: the position is not known yet. */
  readonly #unsent: number[] = [];
  /** In the order of sending; freed from the front. */
  readonly #sent: StagedRegion[] = [];
  #sentFirst = 0;

  /** `executed` tells how far the host has executed the command stream, in words since its start. */
  constructor(bytes: Uint8Array, executed: () => number) {
    this.sizeBytes = bytes.length;
    this.bytes = bytes;
    this.#arena = new HeapArena(bytes.length);
    this.#executed = executed;
    this.#blockBytes = Math.min(STAGING_BLOCK_BYTES, Math.floor(bytes.length / STAGING_BLOCKS_MIN / ALIGNMENT_BYTES) * ALIGNMENT_BYTES);
  }

  stage(byteLength: number): number {
    const neededBytes = Math.max(ALIGNMENT_BYTES, Math.ceil(byteLength / ALIGNMENT_BYTES) * ALIGNMENT_BYTES);
    if (neededBytes > this.#blockBytes / 4) return this.#stageAlone(neededBytes);
    const block = this.#blockWithRoom(neededBytes);
    if (block === null) return this.#stageAlone(neededBytes);
    const offset = block.offset + block.usedBytes;
    block.usedBytes += neededBytes;
    block.isTouched = true;
    return offset;
  }

  /** Takes back first what the host is done with: its pages exist, and may still lie in a cache. */
  reserve(byteLength: number): number {
    this.#reclaim();
    const offset = this.#arena.reserve(byteLength);
    if (offset !== -1 || !this.#dropIdleBlock()) return offset;
    return this.#arena.reserve(byteLength);
  }

  release(offset: number): void {
    this.#arena.release(offset);
  }

  /** Everything staged so far is named by packets that end at this position, in words since the start. */
  sentUpTo(position: number): void {
    if (this.#block?.isTouched) {
      this.#block.position = position;
      this.#block.isTouched = false;
    }
    if (this.#unsent.length === 0) return;
    for (const offset of this.#unsent) this.#sent.push({ offset, position });
    this.#unsent.length = 0;
  }

  #stageAlone(byteLength: number): number {
    const offset = this.reserve(byteLength);
    if (offset !== -1) this.#unsent.push(offset);
    return offset;
  }

  #blockWithRoom(byteLength: number): StagingBlock | null {
    const block = this.#block;
    if (block !== null) {
      if (block.usedBytes + byteLength <= block.sizeBytes) return block;
      if (!block.isTouched && this.#executed() >= block.position) {
        block.usedBytes = 0;
        return block;
      }
      this.#retire(block);
    }
    const offset = this.reserve(this.#blockBytes);
    if (offset === -1) return null;
    this.#block = { offset, sizeBytes: this.#blockBytes, usedBytes: 0, position: 0, isTouched: false };
    return this.#block;
  }

  #retire(block: StagingBlock): void {
    if (block.isTouched) this.#unsent.push(block.offset);
    else this.#sent.push({ offset: block.offset, position: block.position });
    this.#block = null;
  }

  /** Gives up the block for small payloads if the host is done with it. */
  #dropIdleBlock(): boolean {
    const block = this.#block;
    if (block === null || block.isTouched || this.#executed() < block.position) return false;
    this.#arena.release(block.offset);
    this.#block = null;
    return true;
  }

  #reclaim(): void {
    if (this.#sentFirst === this.#sent.length) return;
    const executed = this.#executed();
    for (; this.#sentFirst < this.#sent.length; this.#sentFirst += 1) {
      const region = this.#sent[this.#sentFirst];
      assert(region !== undefined);
      if (executed < region.position) break;
      this.#arena.release(region.offset);
    }
    if (this.#sentFirst * 2 >= this.#sent.length) {
      this.#sent.splice(0, this.#sentFirst);
      this.#sentFirst = 0;
    }
  }
}

import { assert, GuestFault } from '@gpup/base';
import { handles } from '@gpup/wire';
import type { DeviceState } from './device-state.ts';
import type { TextureTraits } from './objects/texture.ts';
import { KIND_NAMES } from './generated/kinds.gen.ts';
import type { VfLimits } from './limits.ts';

/**
 * pending: the implementation has not delivered it yet, so no packet may name it.
 * valid: as far as we know; what the implementation refused stays valid here and fails there.
 * invalid: we refused to create it, and it stands for an error object.
 */
export type ObjectState = 'pending' | 'valid' | 'invalid' | 'destroyed' | 'lost';

/** An active mapping of a buffer. Its bytes never leave this process. */
export interface Mapping {
  /** Detached (length 0) once the implementation has unmapped the buffer by itself. */
  readonly bytes: Uint8Array;
  /** Of the bytes in the buffer. */
  readonly offset: number;
}

/**
 * An object that a guest created, checked to exist.
 *
 * It lives as long as its handle or an object that was created from it: `referenceCount` counts both.
 * Then it is freed: what holds video memory is destroyed, all else waits for the garbage collector.
 */
export class Known<N = unknown> {
  readonly handle: number;
  readonly kind: number;
  /** Null until the object is delivered and after it is freed; nobody looks at it then. */
  native: N;
  /** Null for an adapter, and until the object is delivered. A device's own state for the device itself. */
  device: DeviceState | null;
  state: ObjectState = 'valid';
  label = '';
  /** Charged for a label that came after the packet that created it: the journal counts only that one. */
  labelCharacters = 0;
  /** What the packet that created it had named. */
  references: readonly Known[] = [];
  referenceCount = 1;
  referenceStamp = 0;
  /** The packet that created it, for the journal. */
  packet: Uint32Array | null = null;
  /** Order of creation, among packets that the journal keeps. */
  sequence = 0;
  /** When its handle was released while other objects went on using it; 0 while it has its handle. */
  releaseSequence = 0;
  /** The usage that the application declared, of buffers and textures. */
  usage = 0;
  /** Of a buffer. */
  sizeBytes = 0;
  /** Charged to the budget. */
  vramBytes = 0;
  /** Charged to the budget besides, while it is mapped. */
  stagingBytes = 0;
  /** Charged for what the host holds of it. */
  hostBytes = 0;
  mapping: Mapping | null = null;
  /** Charged for the mapping, also while it is pending. */
  mappedBytes = 0;
  texture: TextureTraits | null = null;

  constructor(handle: number, kind: number, native: N, device: DeviceState | null) {
    this.handle = handle;
    this.kind = kind;
    this.native = native;
    this.device = device;
  }
}

/** Told of what happens to objects, so that the table needs to know nothing of kinds. */
export interface TableEvents {
  /** The handle is gone, the object is not: others use it. */
  released(known: Known): void;
  /** Nothing uses the object any more. Its native object and references are dropped right after. */
  freed(known: Known): void;
}

/** Slots are named by the guest, so memory for them grows as the highest index does. */
const SLOTS_INITIAL = 1024;
/** In `#generations`: the slot was never used. */
const NO_GENERATION = 0xffff;

/**
 * Handles of one context and the objects behind them.
 *
 * Invariants:
 *   - A slot holds an object exactly while its handle has been given and not released.
 *   - A slot's next handle differs from its last in the generation, so a stale handle finds nobody.
 *   - An object is in `#known` until it is freed, with its handle or without.
 */
export class ObjectTable {
  readonly #limits: VfLimits;
  readonly #events: TableEvents;
  readonly #known = new Set<Known>();
  #slots: (Known | null)[] = new Array<Known | null>(SLOTS_INITIAL).fill(null);
  #generations: Uint16Array = new Uint16Array(SLOTS_INITIAL).fill(NO_GENERATION);
  #handleCount = 0;

  constructor(limits: VfLimits, events: TableEvents) {
    this.#limits = limits;
    this.#events = events;
  }

  get handleCount(): number {
    return this.#handleCount;
  }

  get recordCount(): number {
    return this.#known.size;
  }

  /** In the order of creation. */
  all(): IterableIterator<Known> {
    return this.#known.values();
  }

  lookup(handle: number): Known {
    const known = this.#slots[handles.indexOf(handle)];
    if (known === undefined || known === null || known.handle !== handle) {
      throw new GuestFault('stale-handle', `Handle ${handle} names no object.`);
    }
    if (known.state === 'pending') {
      throw new GuestFault('pending-handle', `Handle ${handle} names a ${KIND_NAMES[known.kind]} that has not been delivered.`);
    }
    return known;
  }

  /** Throws unless a new object may take this handle. */
  checkFresh(handle: number): void {
    const index = handles.indexOf(handle);
    if (index === 0) throw new GuestFault('bad-handle', `Handle ${handle} is reserved.`);
    // Before anything is made for it: a full table must cost nothing.
    if (this.#handleCount >= this.#limits.objectCountMax) throw this.#full();
    if (index >= this.#slots.length) this.#grow(index);
    const known = this.#slots[index];
    if (known !== null) throw new GuestFault('busy-handle', `Handle ${handle} names the slot of handle ${known?.handle}, which has not been released.`);
    if (this.#generations[index] === handles.generationOf(handle)) {
      throw new GuestFault('reused-handle', `Handle ${handle} was used before, its slot needs the next generation.`);
    }
  }

  #full(): GuestFault {
    return new GuestFault('object-count', `The context has ${this.#handleCount} objects, the limit.`);
  }

  #grow(index: number): void {
    let count = this.#slots.length;
    while (count <= index) count *= 2;
    const slots = new Array<Known | null>(count).fill(null);
    const generations = new Uint16Array(count).fill(NO_GENERATION);
    for (let i = 0; i < this.#slots.length; i++) slots[i] = this.#slots[i] as Known | null;
    generations.set(this.#generations);
    this.#slots = slots;
    this.#generations = generations;
  }

  /** `known.handle` has passed `checkFresh`. Takes a share in each of its references. */
  add(known: Known): void {
    const index = handles.indexOf(known.handle);
    assert(this.#slots[index] === null);
    // A packet may bring two objects.
    if (this.#handleCount >= this.#limits.objectCountMax) throw this.#full();
    if (this.#known.size >= this.#limits.recordCountMax) {
      throw new GuestFault('object-count', `The context keeps ${this.#known.size} objects alive, the limit.`);
    }
    this.#slots[index] = known;
    this.#handleCount++;
    this.#known.add(known);
    for (const reference of known.references) reference.referenceCount++;
  }

  /** The object of a handle that a guest gives back, delivered or not. */
  release(handle: number): void {
    const known = this.#slots[handles.indexOf(handle)];
    if (known === undefined || known === null || known.handle !== handle) {
      throw new GuestFault('stale-handle', `Handle ${handle} names no object to release.`);
    }
    if (known.state === 'pending') {
      throw new GuestFault('pending-handle', `Handle ${handle} is released before its object was delivered.`);
    }
    this.#vacate(known);
    if (known.referenceCount > 1) this.#events.released(known);
    this.#drop(known);
  }

  /** The object was never delivered: the guest may give its handle to another. */
  retract(known: Known): void {
    assert(known.state === 'pending');
    const index = handles.indexOf(known.handle);
    const generation = this.#generations[index] as number;
    this.#vacate(known);
    this.#generations[index] = generation;
    this.#drop(known);
  }

  #vacate(known: Known): void {
    const index = handles.indexOf(known.handle);
    assert(this.#slots[index] === known);
    this.#slots[index] = null;
    this.#generations[index] = handles.generationOf(known.handle);
    this.#handleCount--;
  }

  #drop(known: Known): void {
    assert(known.referenceCount > 0);
    if (--known.referenceCount > 0) return;
    this.#known.delete(known);
    this.#events.freed(known);
    known.native = null;
    const { references } = known;
    known.references = [];
    // As deep as kinds can name each other: command buffer, bundle, group, view, texture, device, adapter.
    for (const reference of references) this.#drop(reference);
  }
}

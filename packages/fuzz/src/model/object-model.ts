import { handles } from '@gpup/wire';

/** An object as the guest's packets and the host's replies imply it, known independently of the host's code. */
export interface ModelObject {
  readonly handle: number;
  readonly kind: string;
  /** The host has not delivered it: no packet may name it. */
  isPending: boolean;
  /** It has its handle. */
  isNamed: boolean;
  readonly references: readonly ModelObject[];
  /** Of a label that it was given after its creation. */
  labelCharacters: number;
  /** Its handle, and the objects that were created from it. */
  referenceCount: number;
  /** Of the packet that created it; 0 for a device's queue, which came with the device. */
  packetBytes: number;
  /** The generation that the slot had before, for an object that is never delivered. */
  readonly generationBefore: number | undefined;
}

/**
 * The second opinion on the host's object table: which handles name what, and which objects live
 * because others were created from them.
 */
export class ObjectModel {
  readonly #slots = new Map<number, ModelObject>();
  readonly #generations = new Map<number, number>();
  readonly #byKind = new Map<string, ModelObject[]>();
  /** Handles that named something once, for hostile use. */
  readonly staleHandles: number[] = [];
  recordCount = 0;
  journalBytes = 0;
  deviceCount = 0;
  readonly #objectCountMax: number;
  readonly #onFreed: (object: ModelObject) => void;

  constructor(objectCountMax: number, onFreed: (object: ModelObject) => void) {
    this.#objectCountMax = objectCountMax;
    this.#onFreed = onFreed;
  }

  get handleCount(): number {
    return this.#slots.size;
  }

  /** The fault that looking a handle up is, or the object. */
  lookup(handle: number): ModelObject | string {
    const object = this.#slots.get(handles.indexOf(handle));
    if (object === undefined || object.handle !== handle) return 'stale-handle';
    return object.isPending ? 'pending-handle' : object;
  }

  /** The fault that a handle for a new object is, or null. */
  freshFault(handle: number): string | null {
    const index = handles.indexOf(handle);
    if (index === 0) return 'bad-handle';
    if (this.#slots.size >= this.#objectCountMax) return 'object-count';
    if (this.#slots.has(index)) return 'busy-handle';
    return this.#generations.get(index) === handles.generationOf(handle) ? 'reused-handle' : null;
  }

  add(handle: number, kind: string, options: { readonly isPending: boolean; readonly references: readonly ModelObject[]; readonly packetBytes: number }): ModelObject {
    const index = handles.indexOf(handle);
    const object: ModelObject = { handle, kind, isNamed: true, referenceCount: 1, labelCharacters: 0, generationBefore: this.#generations.get(index), ...options };
    this.#slots.set(index, object);
    this.recordCount++;
    this.journalBytes += options.packetBytes;
    for (const reference of options.references) reference.referenceCount++;
    let list = this.#byKind.get(kind);
    if (list === undefined) this.#byKind.set(kind, (list = []));
    list.push(object);
    return object;
  }

  delivered(object: ModelObject): void {
    object.isPending = false;
    if (object.kind === 'GPUDevice') this.deviceCount++;
  }

  /** Never delivered: the same handle may be used again. */
  retract(object: ModelObject): void {
    const index = handles.indexOf(object.handle);
    this.#vacate(object);
    if (object.generationBefore === undefined) this.#generations.delete(index);
    else this.#generations.set(index, object.generationBefore);
    this.#drop(object);
  }

  release(object: ModelObject): void {
    this.#vacate(object);
    this.staleHandles.push(object.handle);
    this.#drop(object);
  }

  #vacate(object: ModelObject): void {
    const index = handles.indexOf(object.handle);
    this.#slots.delete(index);
    this.#generations.set(index, handles.generationOf(object.handle));
    object.isNamed = false;
    const list = this.#byKind.get(object.kind) ?? [];
    list.splice(list.indexOf(object), 1);
  }

  #drop(object: ModelObject): void {
    if (--object.referenceCount > 0) return;
    this.recordCount--;
    this.journalBytes -= object.packetBytes;
    if (object.kind === 'GPUDevice' && !object.isPending) this.deviceCount--;
    this.#onFreed(object);
    for (const reference of object.references) this.#drop(reference);
  }

  /** Named objects of a kind, pending ones included. */
  ofKind(kind: string): readonly ModelObject[] {
    return this.#byKind.get(kind) ?? [];
  }

  all(): IterableIterator<ModelObject> {
    return this.#slots.values();
  }

  /** A handle that a correct guest would choose next. */
  nextHandle(): number {
    for (let index = 1; ; index++) {
      if (this.#slots.has(index)) continue;
      const generation = this.#generations.get(index);
      return handles.makeHandle(index, generation === undefined ? 0 : (generation + 1) & handles.GENERATION_MASK);
    }
  }
}

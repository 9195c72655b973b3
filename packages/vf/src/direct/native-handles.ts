import { nativeCallback } from '@gpup/os';
import type { DawnImage, HandleClass } from './dawn-image.ts';

/** On an object of the binding: its handle, or how often it was used without one, negated. */
const HANDLE = Symbol('handle');

type Wrapped = object & { [HANDLE]?: number; label: string };

/** Of an object that has no handle after all. */
const HOPELESS = Number.NEGATIVE_INFINITY;

/**
 * The addresses by which Dawn's C API knows objects of its Node binding.
 *
 * The binding keeps them to itself, but it passes them on: for the length of one assignment to an object's
 * `label`, the function in Dawn's table that would set it is one of ours, which sees the address and does
 * nothing else. (The label that Dawn has stays; that of the wrapper is read by nobody here.)
 *
 * An address is good for as long as its wrapper lives, which whoever uses it holds.
 */
export class NativeHandles {
  readonly #image: DawnImage;
  readonly #patience: number;
  readonly #callback: bigint;
  #seen = 0;

  /** `patience`: uses of an object that go without its handle, as finding it costs as much as some calls. */
  constructor(image: DawnImage, patience: number) {
    this.#image = image;
    this.#patience = patience;
    const callback = nativeCallback((address) => {
      this.#seen = address ?? 0;
    }, ['uintptr_t', 'uintptr_t', 'uint64_t']);
    this.#callback = BigInt(callback);
  }

  /** 0: this use of the object goes without. */
  of(object: object, handleClass: HandleClass): number {
    const known = (object as Wrapped)[HANDLE];
    return known !== undefined && known > 0 ? known : this.#consider(object as Wrapped, handleClass);
  }

  #consider(object: Wrapped, handleClass: HandleClass): number {
    const known = object[HANDLE] ?? 0;
    if (known === HOPELESS) return 0;
    if (-known < this.#patience) {
      object[HANDLE] = known - 1;
      return 0;
    }
    const handle = this.find(object, handleClass);
    object[HANDLE] = handle === 0 ? HOPELESS : handle;
    return handle;
  }

  /** 0 where the object has none. */
  find(object: object, handleClass: HandleClass): number {
    const slot = this.#image.labelSlots[handleClass];
    const original = slot[0] as bigint;
    this.#seen = 0;
    slot[0] = this.#callback;
    try {
      (object as Wrapped).label = '';
    } finally {
      slot[0] = original;
    }
    return this.#seen;
  }
}

/** The handle of the encoder of one class that is recorded on now: commands of two hardly ever alternate. */
export class EncoderHandle {
  readonly #handles: NativeHandles;
  readonly #encoderClass: HandleClass;
  readonly #patience: number;
  #encoder: object | null = null;
  #handle = 0;
  #uses = 0;

  /** `patience`: commands of an encoder that go without its handle. */
  constructor(handles: NativeHandles, encoderClass: HandleClass, patience: number) {
    this.#handles = handles;
    this.#encoderClass = encoderClass;
    this.#patience = patience;
  }

  /** 0: this command goes without. */
  of(encoder: object): number {
    if (encoder !== this.#encoder) {
      this.#encoder = encoder;
      this.#handle = 0;
      this.#uses = 0;
    }
    if (this.#handle === 0 && this.#uses++ === this.#patience) this.#handle = this.#handles.find(encoder, this.#encoderClass);
    return this.#handle;
  }
}

import { nativeBytes, nativeCallback } from '@gpup/os';
import type { DawnImage } from './dawn-image.ts';

/** Told of an error that no scope of the device caught. */
export type UncapturedListener = (filter: GPUErrorFilter, message: string) => void;

/** WGPUErrorType */
const FILTERS: Readonly<Record<number, GPUErrorFilter>> = { 2: 'validation', 3: 'out-of-memory', 4: 'internal' };
/** A message longer than this is cut. */
const MESSAGE_BYTES_MAX = 1 << 16;

/** Where a device of Dawn's keeps whom it tells of uncaptured errors: the callback, and behind it the binding's function. */
export interface ErrorSlot {
  readonly words: BigUint64Array;
}

/**
 * Takes the uncaptured errors of direct calls.
 *
 * Dawn reports such an error within the call that makes it, and the binding's callback enters JavaScript,
 * which cannot run on the stack that a foreign function is given. So for the length of a direct call the
 * device has a callback of ours, which the FFI brings back to the right stack. What a scope catches never
 * comes here.
 */
export class DeviceErrors {
  readonly #image: DawnImage;
  readonly #callback: bigint;
  #listener: UncapturedListener | null = null;
  /** Thrown by a listener: an exception must not pass through Dawn. */
  #thrown: { readonly error: unknown } | null = null;

  constructor(image: DawnImage) {
    this.#image = image;
    const callback = nativeCallback(
      (_device, type, message, length) => this.#report(type as number, message as number, Number(length)),
      // A WGPUStringView is passed as its two words.
      ['uintptr_t', 'uint32_t', 'uintptr_t', 'uint64_t', 'uintptr_t', 'uintptr_t'],
    );
    this.#callback = BigInt(callback);
  }

  /** Null where the device does not look as one of this build does: then nothing that may fail is called directly. */
  slotOf(device: number): ErrorSlot | null {
    const { offset, callback, listener } = this.#image.uncapturedErrors;
    const words = new BigUint64Array(nativeBytes(device + offset, 16).buffer);
    return words[0] === callback && words[1] === listener ? { words } : null;
  }

  during<T>({ words }: ErrorSlot, listener: UncapturedListener, call: () => T): T {
    const original = words[0] as bigint;
    this.#listener = listener;
    words[0] = this.#callback;
    let result: T;
    try {
      result = call();
    } finally {
      words[0] = original;
      this.#listener = null;
    }
    const thrown = this.#thrown;
    if (thrown === null) return result;
    this.#thrown = null;
    throw thrown.error;
  }

  #report(type: number, message: number, length: number): void {
    try {
      const text = message === 0 ? '' : new TextDecoder().decode(nativeBytes(message, Math.min(length, MESSAGE_BYTES_MAX)).slice());
      this.#listener?.(FILTERS[type] ?? 'internal', text);
    } catch (error) {
      this.#thrown ??= { error };
    }
  }
}

import * as encode from '@gpup/wire/encode';
import { INLINE } from '@gpup/wire';
import { makeException } from '../errors.ts';
import type { Place } from '../read-back-window.ts';
import type { Buffer } from './buffer.ts';

/** What becomes of a mapping. `isStale` once the program has unmapped the buffer: then nobody is told. */
export interface PullOutcome {
  done(content: ArrayBuffer): void;
  failed(error: Error): void;
  isStale(): boolean;
}

/** Fetches the bytes of a mapping, piece by piece, into one ArrayBuffer. */
export class MappedPull {
  readonly #buffer: Buffer;
  readonly #offset: number;
  readonly #byteLength: number;
  readonly #outcome: PullOutcome;
  #content: ArrayBuffer | null = null;
  /** Bytes that have been asked for, from the start of the mapping. */
  #askedBytes = 0;
  #arrivedBytes = 0;

  constructor(buffer: Buffer, range: { readonly offset: number; readonly byteLength: number }, outcome: PullOutcome) {
    this.#buffer = buffer;
    this.#offset = range.offset;
    this.#byteLength = range.byteLength;
    this.#outcome = outcome;
  }

  /** Sent at once, as what the program does next comes after it; where there is no room now, without asking for bytes. */
  start(mode: number): void {
    const { context } = this.#buffer.device;
    const place = context.readBacks.take(this.#byteLength) ?? { into: INLINE, length: 0 };
    const request = this.#request(place, () => this.#mapped());
    encode.encodeGPUBufferMapAsync(context.out, this.#buffer.handle, request, mode, this.#offset, this.#byteLength, place.into, place.length);
    context.sent(request);
  }

  #mapped(): void {
    if (this.#outcome.isStale()) return;
    if (this.#content === null) return this.#refuse();
    if (!this.#isComplete()) this.#buffer.device.context.readBacks.whenRoom(() => this.#askForMore());
  }

  /** The host has mapped the buffer all the same. */
  #refuse(): void {
    const { context } = this.#buffer.device;
    encode.encodeGPUBufferUnmap(context.out, this.#buffer.handle);
    context.written();
    this.#outcome.failed(new DOMException('There is no memory for the mapped range.', 'OperationError'));
  }

  /** True when nothing is left to ask for. */
  #askForMore(): boolean {
    const { context } = this.#buffer.device;
    while (this.#askedBytes < this.#byteLength && !this.#outcome.isStale()) {
      const place = context.readBacks.take(this.#byteLength - this.#askedBytes);
      if (place === null) return false;
      const offset = this.#offset + this.#askedBytes;
      const request = this.#request(place, () => this.#isComplete());
      encode.encodeGPUBufferReadMapped(context.out, this.#buffer, request, offset, place.into, place.length);
      context.sent(request);
    }
    return true;
  }

  #isComplete(): boolean {
    if (this.#arrivedBytes < this.#byteLength || this.#content === null) return false;
    this.#outcome.done(this.#content);
    return true;
  }

  /** Of the next `place.length` bytes, which arrive through the heap (`done`) or inside of the reply (`data`). */
  #request(place: Place, arrived: () => void): number {
    const { context } = this.#buffer.device;
    const at = this.#askedBytes;
    this.#askedBytes += place.length;
    const take = (bytes: Uint8Array): void => {
      this.#fill(at, bytes);
      context.readBacks.give(place);
      arrived();
    };
    const fail = (error: Error): void => {
      context.readBacks.give(place);
      this.#outcome.failed(error);
    };
    return context.request({
      done: () => take(context.link.heap?.bytes.subarray(place.into, place.into + place.length) ?? NO_BYTES),
      data: take,
      error: (name, reason, message) => fail(makeException(name, reason, message)),
      lost: (message) => fail(new DOMException(message, 'AbortError')),
    });
  }

  #fill(at: number, bytes: Uint8Array): void {
    try {
      this.#content ??= new ArrayBuffer(this.#byteLength);
    } catch {
      return;
    }
    new Uint8Array(this.#content, at, bytes.byteLength).set(bytes);
    this.#arrivedBytes += bytes.byteLength;
  }
}

const NO_BYTES = new Uint8Array(0);

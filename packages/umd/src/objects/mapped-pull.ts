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

/**
 * Pieces of one mapping on their way: the host copies into some while we copy out of others. More
 * would only spread them over more of the heap than the processor's cache holds.
 */
const PIECES_AHEAD = 8;
/** More are asked for when so many are left, several at once: each request may have to wake the host. */
const PIECES_AHEAD_LOW = 4;

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
  #piecesAhead = 0;
  #isQueued = false;

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
    const request = this.#request(place);
    encode.encodeGPUBufferMapAsync(context.out, this.#buffer.handle, request, mode, this.#offset, this.#byteLength, place.into, place.length);
    context.sent(request);
  }

  #arrived(place: Place, at: number, bytes: Uint8Array): void {
    this.#piecesAhead--;
    if (!this.#outcome.isStale()) {
      this.#content ??= this.#allocate();
      if (this.#content !== null) {
        // Before the copy: the host is to have something to do meanwhile.
        this.#goOn();
        new Uint8Array(this.#content, at, bytes.byteLength).set(bytes);
        this.#arrivedBytes += bytes.byteLength;
      }
    }
    this.#buffer.device.context.readBacks.give(place);
    if (this.#content !== null && this.#arrivedBytes === this.#byteLength) this.#outcome.done(this.#content);
  }

  #allocate(): ArrayBuffer | null {
    try {
      return this.#buffer.device.context.mappedMemory.take(this.#byteLength);
    } catch {
      this.#refuse();
      return null;
    }
  }

  /** The host has mapped the buffer all the same. */
  #refuse(): void {
    const { context } = this.#buffer.device;
    encode.encodeGPUBufferUnmap(context.out, this.#buffer.handle);
    context.written();
    this.#outcome.failed(new DOMException('There is no memory for the mapped range.', 'OperationError'));
  }

  #goOn(): void {
    if (this.#isQueued || this.#piecesAhead > PIECES_AHEAD_LOW || !this.#wantsMore()) return;
    this.#isQueued = true;
    this.#buffer.device.context.readBacks.whenRoom(() => this.#askForMore());
  }

  #wantsMore(): boolean {
    return this.#askedBytes < this.#byteLength && this.#piecesAhead < PIECES_AHEAD && !this.#outcome.isStale();
  }

  /** False when there is no room for what is wanted now. */
  #askForMore(): boolean {
    const { context } = this.#buffer.device;
    while (this.#wantsMore()) {
      const place = context.readBacks.take(this.#byteLength - this.#askedBytes);
      if (place === null) return false;
      const offset = this.#offset + this.#askedBytes;
      const request = this.#request(place);
      encode.encodeGPUBufferReadMapped(context.out, this.#buffer, request, offset, place.into, place.length);
      context.sent(request);
    }
    this.#isQueued = false;
    return true;
  }

  /** Of the next `place.length` bytes, which arrive through the heap (`done`) or inside of the reply (`data`). */
  #request(place: Place): number {
    const { context } = this.#buffer.device;
    const at = this.#askedBytes;
    this.#askedBytes += place.length;
    this.#piecesAhead++;
    const take = (bytes: Uint8Array): void => this.#arrived(place, at, bytes);
    const fail = (error: Error): void => {
      context.readBacks.give(place);
      this.#outcome.failed(error);
    };
    return context.request({
      isSoon: this.#content !== null || context.isGpuIdle(),
      done: () => take(context.link.heap?.bytes.subarray(place.into, place.into + place.length) ?? NO_BYTES),
      data: take,
      error: (name, reason, message) => fail(makeException(name, reason, message)),
      lost: (message) => fail(new DOMException(message, 'AbortError')),
    });
  }
}

const NO_BYTES = new Uint8Array(0);

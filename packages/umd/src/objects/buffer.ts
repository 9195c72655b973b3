import * as encode from '@gpup/wire/encode';
import type * as I from '../generated/impl.gen.ts';
import type * as T from '../generated/types.gen.ts';
import { DeviceObject } from './host-object.ts';
import type { Device } from './device.ts';
import { MappedPull } from './mapped-pull.ts';

const MAP_WRITE = 2;

/** What the program wrote goes back in pieces, so that the host copies one while the next is staged. */
const PIECE_BYTES = 1 << 20;

interface MappedRange {
  readonly offset: number;
  readonly size: number;
  readonly bytes: ArrayBuffer;
}

/**
 * An active mapping. The bytes are an ordinary ArrayBuffer of the guest, filled from the heap when
 * the host has mapped the buffer and sent back before it unmaps: views over the aperture cannot be
 * detached on every platform, and must be after unmap.
 */
interface Mapping {
  readonly mode: number;
  readonly offset: number;
  readonly size: number;
  /** The mapped bytes; handed out as they are to whoever asks for the whole range. */
  readonly content: ArrayBuffer;
  readonly ranges: MappedRange[];
}

/** A mapAsync whose promise is not settled. Becomes stale when the program unmaps meanwhile. */
interface PendingMap {
  reject(error: Error): void;
}

export class Buffer extends DeviceObject implements I.GPUBufferImpl {
  readonly size: number;
  readonly usage: number;
  #mapping: Mapping | null = null;
  #pending: PendingMap | null = null;
  #destroyed = false;

  constructor(device: Device, descriptor: T.GPUBufferDescriptor) {
    const content = descriptor.mappedAtCreation ? creationContent(device, descriptor.size) : null;
    super(device, descriptor.label, descriptor.size);
    this.size = descriptor.size;
    this.usage = descriptor.usage;
    encode.encodeGPUDeviceCreateBuffer(device.context.out, device.handle, this.handle, descriptor);
    device.context.written();
    if (content !== null) this.#setMapping({ mode: MAP_WRITE, offset: 0, size: this.size, content, ranges: [] });
  }

  get mapState(): T.GPUBufferMapState {
    // A buffer that is mapped stays so while the host finds that it cannot be mapped a second time.
    if (this.#mapping !== null) return 'mapped';
    return this.#pending === null ? 'unmapped' : 'pending';
  }

  #setMapping(mapping: Mapping): void {
    this.#mapping = mapping;
    this.device.noteMapped(this);
  }

  /** https://gpuweb.github.io/gpuweb/#dom-gpubuffer-mapasync */
  mapAsync(mode: number, offset: number, size: number | undefined): Promise<undefined> {
    const byteLength = size ?? Math.max(0, this.size - offset);
    if (this.#pending !== null) return Promise.reject(operationError('The buffer is already waiting to be mapped.'));
    return new Promise((resolve, reject) => {
      const pending: PendingMap = { reject };
      this.#pending = pending;
      this.device.noteMapped(this);
      const pull = new MappedPull(this, { offset, byteLength }, {
        done: (content) => {
          if (this.#pending !== pending) return;
          this.#pending = null;
          this.#setMapping({ mode, offset, size: byteLength, content, ranges: [] });
          resolve(undefined);
        },
        failed: (error) => {
          if (this.#pending !== pending) return;
          this.#pending = null;
          if (this.#mapping === null) this.device.noteUnmapped(this);
          reject(error);
        },
        isStale: () => this.#pending !== pending,
      });
      pull.start(mode);
    });
  }

  /** https://gpuweb.github.io/gpuweb/#dom-gpubuffer-getmappedrange */
  getMappedRange(offset: number, size: number | undefined): ArrayBuffer {
    const byteLength = size ?? Math.max(0, this.size - offset);
    const mapping = this.#mapping;
    if (mapping === null) throw operationError(`Buffer${named(this.label)} is not mapped.`);
    if (offset % 8 !== 0) throw operationError(`The offset (${offset}) of the mapped range is not a multiple of 8.`);
    if (byteLength % 4 !== 0) throw operationError(`The size (${byteLength}) of the mapped range is not a multiple of 4.`);
    if (offset < mapping.offset || offset + byteLength > mapping.offset + mapping.size) {
      throw operationError(
        `The range of ${byteLength} bytes at ${offset} is not inside the mapped range of ${mapping.size} bytes at ${mapping.offset}.`,
      );
    }
    for (const range of mapping.ranges) {
      if (offset < range.offset + range.size && range.offset < offset + byteLength) {
        throw operationError(`The range of ${byteLength} bytes at ${offset} overlaps one that was returned before.`);
      }
    }
    const whole = byteLength === mapping.size && mapping.ranges.length === 0;
    const begin = offset - mapping.offset;
    const bytes = whole ? mapping.content : this.#copyOf(mapping.content, begin, byteLength);
    mapping.ranges.push({ offset, size: byteLength, bytes });
    return bytes;
  }

  #copyOf(content: ArrayBuffer, begin: number, byteLength: number): ArrayBuffer {
    const copy = this.device.context.mappedMemory.take(byteLength);
    new Uint8Array(copy).set(new Uint8Array(content, begin, byteLength));
    return copy;
  }

  unmap(): void {
    if (this.#pending === null && this.#mapping === null) return;
    this.#sendWritten();
    encode.encodeGPUBufferUnmap(this.device.context.out, this.handle);
    this.device.context.written();
    this.loseMapping();
  }

  destroy(): void {
    if (!this.#destroyed) {
      this.#destroyed = true;
      encode.encodeGPUBufferDestroy(this.device.context.out, this.handle);
      this.device.context.written();
      this.device.context.emptied(this.lease);
    }
    this.loseMapping();
  }

  /** Ends the mapping on this side alone: after unmap, destroy, or the device's end. */
  loseMapping(why = 'The buffer was unmapped before its mapping was complete.'): void {
    this.device.noteUnmapped(this);
    const pending = this.#pending;
    this.#pending = null;
    pending?.reject(new DOMException(why, 'AbortError'));
    const mapping = this.#mapping;
    if (mapping === null) return;
    this.#mapping = null;
    const { mappedMemory } = this.device.context;
    for (const range of mapping.ranges) mappedMemory.give(range.bytes);
    mappedMemory.give(mapping.content);
  }

  #sendWritten(): void {
    const mapping = this.#mapping;
    if (mapping === null || (mapping.mode & MAP_WRITE) === 0) return;
    const { context } = this.device;
    for (const range of mapping.ranges) {
      // A range that the program has transferred elsewhere is detached: nothing was written to it.
      const present = range.bytes.byteLength;
      for (let at = 0; at < present; at += PIECE_BYTES) {
        const bytes = new Uint8Array(range.bytes, at, Math.min(PIECE_BYTES, present - at));
        context.stage(bytes);
        encode.encodeGPUBufferWriteMapped(context.out, this, range.offset + at, bytes);
        context.written();
      }
    }
  }
}

/** https://gpuweb.github.io/gpuweb/#dom-gpudevice-createbuffer: both failures are RangeErrors. */
function creationContent(device: Device, size: number): ArrayBuffer {
  if (size % 4 !== 0) throw new RangeError(`The size (${size}) of a buffer that is mapped at creation is not a multiple of 4.`);
  return device.context.mappedMemory.takeZeroed(size);
}

function operationError(message: string): DOMException {
  return new DOMException(message, 'OperationError');
}

function named(label: string): string {
  return label === '' ? '' : ` "${label}"`;
}


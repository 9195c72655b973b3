import { BUFFER_USAGE, MAP_MODE } from '../backend.ts';
import type { NullDevice } from './null-device.ts';
import { NullObject } from './null-object.ts';

const { MAP_READ, MAP_WRITE, COPY_SRC, COPY_DST } = BUFFER_USAGE;
const USAGE_MAX = 0x3ff;

interface NullMapping {
  readonly begin: number;
  readonly size: number;
  readonly isWritten: boolean;
  readonly ranges: { readonly offset: number; readonly bytes: ArrayBuffer }[];
}

/** A buffer whose contents exist, once something is written to them. */
export class NullBuffer extends NullObject {
  readonly size: number;
  readonly usage: number;
  isDestroyed = false;
  #bytes: Uint8Array | null = null;
  #mapping: NullMapping | null = null;
  #abort: ((error: DOMException) => void) | null = null;

  constructor(device: NullDevice, descriptor: GPUBufferDescriptor) {
    super(device, descriptor.label, objectionToBuffer(device, descriptor));
    this.size = descriptor.size;
    this.usage = descriptor.usage;
    if (descriptor.mappedAtCreation === true) this.#mapping = { begin: 0, size: this.size, isWritten: true, ranges: [] };
  }

  get mapState(): GPUBufferMapState {
    if (this.#abort !== null) return 'pending';
    return this.#mapping === null ? 'unmapped' : 'mapped';
  }

  get isUsableByQueue(): boolean {
    return !this.isDestroyed && this.mapState === 'unmapped';
  }

  /** The contents to write to. */
  bytes(): Uint8Array {
    this.#bytes ??= new Uint8Array(this.size);
    return this.#bytes;
  }

  read(offset: number, size: number): Uint8Array {
    return this.#bytes === null ? new Uint8Array(size) : this.#bytes.subarray(offset, offset + size);
  }

  mapAsync(mode: number, offset = 0, size = Math.max(0, this.size - offset)): Promise<undefined> {
    if (this.device.isLost) return Promise.reject(new DOMException('The device is lost.', 'AbortError'));
    const objection = this.#objectionToMap(mode, offset, size);
    if (objection !== null) {
      this.device.report('validation', objection);
      return Promise.reject(new DOMException(objection, 'OperationError'));
    }
    return new Promise((resolve, reject) => {
      const abort = reject;
      this.#abort = abort;
      this.device.later(() => {
        if (this.#abort !== abort) return;
        this.#abort = null;
        this.#mapping = { begin: offset, size, isWritten: mode === MAP_MODE.WRITE, ranges: [] };
        resolve(undefined);
      });
    });
  }

  #objectionToMap(mode: number, offset: number, size: number): string | null {
    if (!this.isValid) return 'The buffer is invalid.';
    if (mode !== MAP_MODE.READ && mode !== MAP_MODE.WRITE) return `The map mode (${mode}) is neither READ nor WRITE.`;
    if ((this.usage & (mode === MAP_MODE.READ ? MAP_READ : MAP_WRITE)) === 0) return `The buffer usage (${this.usage}) does not allow the map mode (${mode}).`;
    if (offset % 8 !== 0 || size % 4 !== 0 || offset + size > this.size) return `The range of ${size} bytes at ${offset} cannot be mapped.`;
    if (this.isDestroyed || this.mapState !== 'unmapped') return 'The buffer is destroyed, mapped or about to be mapped.';
    return null;
  }

  getMappedRange(offset = 0, size = Math.max(0, this.size - offset)): ArrayBuffer {
    const mapping = this.#mapping;
    if (mapping === null || offset < mapping.begin || offset + size > mapping.begin + mapping.size) {
      throw new DOMException('The range is not mapped.', 'OperationError');
    }
    const bytes = new ArrayBuffer(size);
    if (this.isValid) new Uint8Array(bytes).set(this.read(offset, size));
    mapping.ranges.push({ offset, bytes });
    return bytes;
  }

  unmap(): void {
    const abort = this.#abort;
    this.#abort = null;
    abort?.(new DOMException('The buffer was unmapped before its mapping was complete.', 'AbortError'));
    const mapping = this.#mapping;
    if (mapping === null) return;
    this.#mapping = null;
    for (const { offset, bytes } of mapping.ranges) {
      if (mapping.isWritten && this.isValid && !this.isDestroyed) this.bytes().set(new Uint8Array(bytes), offset);
      structuredClone(bytes, { transfer: [bytes] });
    }
  }

  destroy(): void {
    if (!this.isDestroyed) this.device.memoryBytes -= this.isValid ? this.size : 0;
    this.isDestroyed = true;
    this.unmap();
    this.#bytes = null;
  }
}

function objectionToBuffer(device: NullDevice, { size, usage, mappedAtCreation }: GPUBufferDescriptor): string | null {
  if (usage === 0 || usage > USAGE_MAX) return `The buffer usage (${usage}) is not valid.`;
  if ((usage & MAP_READ) !== 0 && (usage & ~(MAP_READ | COPY_DST)) !== 0) return `The buffer usage (${usage}) combines MAP_READ with more than COPY_DST.`;
  if ((usage & MAP_WRITE) !== 0 && (usage & ~(MAP_WRITE | COPY_SRC)) !== 0) return `The buffer usage (${usage}) combines MAP_WRITE with more than COPY_SRC.`;
  if (size > (device.limits['maxBufferSize'] as number)) return `Buffer size (${size}) exceeds the limit (${device.limits['maxBufferSize']}).`;
  if (mappedAtCreation === true && size % 4 !== 0) throw new RangeError(`The size (${size}) of a buffer mapped at creation is not a multiple of 4.`);
  return null;
}

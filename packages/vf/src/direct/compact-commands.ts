import { addressOf } from '@gpup/os';
import { RECORDED } from '@gpup/wire/numbers';
import { type CompactCommands, type CompactEncoder, NOT_COMPACT, OwnedCommandBuffer } from '../backend.ts';
import type { DawnImage, HandleClass } from './dawn-image.ts';
import { DeviceErrors, type ErrorSlot, type UncapturedListener } from './device-errors.ts';
import { DynamicOffsets } from './dynamic-offsets.ts';
import { NativeHandles } from './native-handles.ts';

/** What a stream of commands that can be compact begins with. */
const BEGINNINGS: ReadonlySet<number> = new Set([
  RECORDED['GPUCommandEncoder.beginComputePass'],
  RECORDED['GPUCommandEncoder.copyBufferToBuffer'],
  RECORDED['GPUCommandEncoder.clearBuffer'],
]);
/** More than a layout may have: only a call that is wrong brings more. */
const OFFSET_COUNT_MAX = 64;
/** A stream that has to be played again costs as much as some that need not be. */
const MISS_COST = 4;
const MISSES_MAX = 64;
/** What one that is passed over for that pays back: a program may change its ways. */
const PASSED_OVER = 1 / 4;
/** WGPU_WHOLE_SIZE */
const WHOLE_SIZE = 0xffffffffffffffffn;

/** Of objects that a call cannot do without: Dawn follows a null pointer. */
class CertainHandles {
  readonly #handles: NativeHandles;

  constructor(image: DawnImage) {
    this.#handles = new NativeHandles(image, 0);
  }

  /** Throws NOT_COMPACT where the object has none. */
  of(object: object, handleClass: HandleClass): number {
    return this.#handles.of(object, handleClass) || refuse();
  }

  /** 0 where the object has none. Of what is used once, or not by its handle alone. */
  find(object: object, handleClass: HandleClass): number {
    return this.#handles.find(object, handleClass);
  }
}

/** Command buffers of most submits. */
const LIST_LENGTH = 64;

/** Memory of ours with a known address, from which Dawn reads what a submit names. Grows to the longest: no guest has more objects than its limit. */
class HandleList {
  #words = new BigUint64Array(LIST_LENGTH);
  #address = addressOf(new Uint32Array(this.#words.buffer));

  /** The address of a copy, good until the next one. */
  place(handles: readonly number[]): number {
    if (handles.length > this.#words.length) {
      this.#words = new BigUint64Array(2 * handles.length);
      this.#address = addressOf(new Uint32Array(this.#words.buffer));
    }
    for (let i = 0; i < handles.length; i++) this.#words[i] = BigInt(handles[i] as number);
    return this.#address;
  }
}

/** A device as the C API knows it. */
interface DirectDevice {
  readonly handle: number;
  readonly queue: number;
  readonly errors: ErrorSlot;
}

interface Shared {
  readonly image: DawnImage;
  readonly handles: CertainHandles;
  readonly errors: DeviceErrors;
  readonly offsets: DynamicOffsets;
}

/**
 * Command buffers of compute passes and copies between buffers, from the encoder to the submit by Dawn's C
 * API: no wrapper is made of the encoder, its passes and the command buffer, which is most of what a small
 * submit costs by the binding, and nothing of them waits for the collector. What else a program records, labels
 * included, goes by the binding.
 *
 * Finishing and submitting can report errors: see DeviceErrors. A device that is lost within a submit takes
 * the VF process along, as the binding tells of that on the caller's stack: the context is lost either way.
 */
export class DirectCommands implements CompactCommands {
  readonly #shared: Shared;
  readonly #devices = new WeakMap<GPUDevice, DirectDevice | null>();
  readonly #encoder: DirectEncoder;
  readonly #list = new HandleList();
  #misses = 0;

  constructor(image: DawnImage) {
    this.#shared = { image, handles: new CertainHandles(image), errors: new DeviceErrors(image), offsets: new DynamicOffsets() };
    this.#encoder = new DirectEncoder(this.#shared);
  }

  open(device: GPUDevice, firstCommand: number, uncaptured: UncapturedListener): CompactEncoder | null {
    if (!BEGINNINGS.has(firstCommand)) return null;
    if (this.#misses > MISSES_MAX) {
      this.#misses -= PASSED_OVER;
      return null;
    }
    const direct = this.#deviceOf(device);
    if (direct === null) return null;
    this.#encoder.begin(direct, uncaptured);
    return this.#encoder;
  }

  missed(): void {
    this.#misses += MISS_COST;
  }

  submit(queue: GPUQueue, { device, buffers, uncaptured }: { readonly device: GPUDevice; readonly buffers: readonly GPUCommandBuffer[]; readonly uncaptured: UncapturedListener }): void {
    this.#misses = Math.max(0, this.#misses - 1);
    const direct = this.#deviceOf(device);
    // Compact buffers come only from a device that is known.
    if (direct === null) return queue.submit(buffers);
    const { image, errors, handles } = this.#shared;
    const list = buffers.map((buffer) => (buffer instanceof DirectCommandBuffer ? buffer.handle : handles.find(buffer, 'CommandBuffer')));
    errors.during(direct.errors, uncaptured, () => image.Queue.Submit(direct.queue, list.length, this.#list.place(list)));
  }

  #deviceOf(device: GPUDevice): DirectDevice | null {
    let direct = this.#devices.get(device);
    if (direct === undefined) {
      direct = this.#find(device);
      this.#devices.set(device, direct);
    }
    return direct;
  }

  #find(device: GPUDevice): DirectDevice | null {
    const { handles, errors } = this.#shared;
    const handle = handles.find(device, 'Device');
    const slot = handle === 0 ? null : errors.slotOf(handle);
    const queue = slot === null ? 0 : handles.find(device.queue, 'Queue');
    return slot === null || queue === 0 ? null : { handle, queue, errors: slot };
  }
}

/** Owns its handle. */
class DirectCommandBuffer extends OwnedCommandBuffer {
  readonly #image: DawnImage;
  #handle: number;

  constructor(image: DawnImage, handle: number) {
    super();
    this.#image = image;
    this.#handle = handle;
  }

  get handle(): number {
    return this.#handle;
  }

  release(): void {
    if (this.#handle !== 0) this.#image.CommandBuffer.Release(this.#handle);
    this.#handle = 0;
  }
}

/** What of a command encoder's face is not recorded compactly. */
function refuse(): never {
  throw NOT_COMPACT;
}

/** One for all: it holds an encoder of Dawn's between `begin` and `finish` or `discard`, and one pass of it at most. */
class DirectEncoder implements CompactEncoder {
  readonly #shared: Shared;
  readonly #pass: DirectPass;
  #device: DirectDevice | null = null;
  #uncaptured: UncapturedListener = () => {};
  #handle = 0;

  readonly beginRenderPass = refuse;
  readonly copyBufferToTexture = refuse;
  readonly copyTextureToBuffer = refuse;
  readonly copyTextureToTexture = refuse;
  readonly resolveQuerySet = refuse;
  readonly pushDebugGroup = refuse;
  readonly popDebugGroup = refuse;
  readonly insertDebugMarker = refuse;

  constructor(shared: Shared) {
    this.#shared = shared;
    this.#pass = new DirectPass(shared);
  }

  begin(device: DirectDevice, uncaptured: UncapturedListener): void {
    this.#device = device;
    this.#uncaptured = uncaptured;
    this.#handle = this.#shared.image.Device.CreateCommandEncoder(device.handle, 0);
  }

  beginComputePass(descriptor: GPUComputePassDescriptor): GPUComputePassEncoder {
    if (descriptor.timestampWrites !== undefined || (descriptor.label ?? '') !== '') refuse();
    this.#pass.begin(this.#shared.image.CommandEncoder.BeginComputePass(this.#handle, 0));
    return this.#pass as unknown as GPUComputePassEncoder;
  }

  copyBufferToBuffer(source: GPUBuffer, sourceOffset: number, destination: GPUBuffer, destinationOffset: number, size: number | undefined): void {
    // The binding works out what "the rest" is; the C API takes no such word here.
    const byteLength = size ?? source.size - sourceOffset;
    if (byteLength < 0) refuse();
    const { image, handles } = this.#shared;
    image.CommandEncoder.CopyBufferToBuffer(this.#handle, handles.of(source, 'Buffer'), sourceOffset, handles.of(destination, 'Buffer'), destinationOffset, byteLength);
  }

  clearBuffer(buffer: GPUBuffer, offset: number, size: number | undefined): void {
    this.#shared.image.CommandEncoder.ClearBuffer(this.#handle, this.#shared.handles.of(buffer, 'Buffer'), offset, size ?? WHOLE_SIZE);
  }

  finish(): GPUCommandBuffer {
    const { image, errors } = this.#shared;
    const { errors: slot } = this.#device as DirectDevice;
    try {
      const handle = errors.during(slot, this.#uncaptured, () => image.CommandEncoder.Finish(this.#handle, 0));
      return new DirectCommandBuffer(image, handle) as unknown as GPUCommandBuffer;
    } finally {
      this.discard();
    }
  }

  discard(): void {
    this.#pass.release();
    if (this.#handle !== 0) this.#shared.image.CommandEncoder.Release(this.#handle);
    this.#handle = 0;
    this.#device = null;
    this.#uncaptured = () => {};
  }
}

class DirectPass {
  readonly #shared: Shared;
  #handle = 0;

  readonly setImmediates = refuse;
  readonly pushDebugGroup = refuse;
  readonly popDebugGroup = refuse;
  readonly insertDebugMarker = refuse;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  begin(handle: number): void {
    this.release();
    this.#handle = handle;
  }

  setPipeline(pipeline: GPUComputePipeline): void {
    const { image, handles } = this.#shared;
    image.ComputePassEncoder.SetPipeline(this.#handle, handles.of(pipeline, 'ComputePipeline'));
  }

  setBindGroup(index: number, group: GPUBindGroup | null | undefined, data?: Uint32Array, start?: number, count?: number): void {
    const { image, handles, offsets } = this.#shared;
    const handle = group == null ? 0 : handles.of(group, 'BindGroup');
    if (data === undefined) return void image.ComputePassEncoder.SetBindGroup(this.#handle, index, handle, 0, 0);
    const isWhole = start === 0 && count === data.length;
    if (!isWhole || count > OFFSET_COUNT_MAX) refuse();
    image.ComputePassEncoder.SetBindGroup(this.#handle, index, handle, count, offsets.place(data));
  }

  dispatchWorkgroups(x: number, y = 1, z = 1): void {
    this.#shared.image.ComputePassEncoder.DispatchWorkgroups(this.#handle, x, y, z);
  }

  dispatchWorkgroupsIndirect(buffer: GPUBuffer, offset: number): void {
    const { image, handles } = this.#shared;
    image.ComputePassEncoder.DispatchWorkgroupsIndirect(this.#handle, handles.of(buffer, 'Buffer'), offset);
  }

  end(): void {
    this.#shared.image.ComputePassEncoder.End(this.#handle);
    this.release();
  }

  /** Also a pass that was not ended, which makes its encoder invalid. */
  release(): void {
    if (this.#handle !== 0) this.#shared.image.ComputePassEncoder.Release(this.#handle);
    this.#handle = 0;
  }
}

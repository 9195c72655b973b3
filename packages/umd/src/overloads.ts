/** Web IDL overload resolution for the two methods of WebGPU that have several signatures. */
import { toGPUBindGroup, toGPUBuffer } from './generated/interfaces.gen.ts';
import type * as I from './generated/impl.gen.ts';
import * as W from './webidl.ts';

interface CopiesBuffers {
  copyBufferToBuffer(source: I.GPUBufferImpl, sourceOffset: number, destination: I.GPUBufferImpl, destinationOffset: number, size: number | undefined): void;
}

/** (source, destination, size?) or (source, sourceOffset, destination, destinationOffset, size?): told apart by the second argument. */
export function copyBufferToBuffer(impl: CopiesBuffers, present: number, a0: unknown, a1: unknown, a2: unknown, a3: unknown, a4: unknown): void {
  const where = 'GPUCommandEncoder.copyBufferToBuffer';
  W.count(present, 2, where);
  const source = toGPUBuffer(a0, 'GPUCommandEncoder.copyBufferToBuffer: source');
  const isShort = present < 4 && typeof a1 === 'object';
  if (isShort) {
    const size = a2 === undefined ? undefined : W.enforceU64(a2, 'GPUCommandEncoder.copyBufferToBuffer: size');
    impl.copyBufferToBuffer(source, 0, toGPUBuffer(a1, 'GPUCommandEncoder.copyBufferToBuffer: destination'), 0, size);
    return;
  }
  W.count(present, 4, where);
  impl.copyBufferToBuffer(
    source,
    W.enforceU64(a1, 'GPUCommandEncoder.copyBufferToBuffer: sourceOffset'),
    toGPUBuffer(a2, 'GPUCommandEncoder.copyBufferToBuffer: destination'),
    W.enforceU64(a3, 'GPUCommandEncoder.copyBufferToBuffer: destinationOffset'),
    a4 === undefined ? undefined : W.enforceU64(a4, 'GPUCommandEncoder.copyBufferToBuffer: size'),
  );
}

interface BindsGroups {
  setBindGroup(index: number, group: I.GPUBindGroupImpl | null, offsets: Uint32Array, offsetsBegin: number, offsetsEnd: number): void;
}

const NO_OFFSETS = new Uint32Array(0);

/** (index, group, offsets?) or (index, group, data, start, length): told apart by the number of arguments. */
export function setBindGroup(impl: BindsGroups, present: number, a0: unknown, a1: unknown, a2: unknown, a3: unknown, a4: unknown): void {
  if (present < 2 || present === 4) wrongCount(present);
  const index = W.enforceU32(a0, 'setBindGroup: index');
  const group = a1 === null || a1 === undefined ? null : toGPUBindGroup(a1, 'setBindGroup: bindGroup');
  if (present > 4) setBindGroupWithData(impl, index, group, a2, a3, a4);
  else if (a2 === undefined) impl.setBindGroup(index, group, NO_OFFSETS, 0, 0);
  else setBindGroupWithSequence(impl, index, group, a2);
}

function wrongCount(present: number): void {
  W.count(present, 2, 'setBindGroup');
  throw new TypeError('setBindGroup takes 2, 3 or 5 arguments, 4 given.');
}

/** Room for the offsets of one call, so that each call need not make an array. Null while a call converts into it. */
let spareOffsets: Uint32Array | null = new Uint32Array(8);

function setBindGroupWithSequence(impl: BindsGroups, index: number, group: I.GPUBindGroupImpl | null, sequence: unknown): void {
  if (!W.isPristineArray(sequence)) {
    const offsets = Uint32Array.from(W.toSequence(sequence, 'setBindGroup: dynamicOffsets', W.enforceU32));
    impl.setBindGroup(index, group, offsets, 0, offsets.length);
    return;
  }
  // A conversion may run code of the program, and that may call this again: it then finds no spare.
  let offsets = spareOffsets ?? new Uint32Array(8);
  spareOffsets = null;
  let count = 0;
  for (; count < sequence.length; count++) {
    if (count === offsets.length) offsets = grown(offsets);
    offsets[count] = W.enforceU32(sequence[count], 'setBindGroup: dynamicOffsets');
  }
  impl.setBindGroup(index, group, offsets, 0, count);
  spareOffsets = offsets;
}

function grown(offsets: Uint32Array): Uint32Array {
  const larger = new Uint32Array(offsets.length * 2);
  larger.set(offsets);
  return larger;
}

function setBindGroupWithData(impl: BindsGroups, index: number, group: I.GPUBindGroupImpl | null, data: unknown, from: unknown, count: unknown): void {
  if (!(data instanceof Uint32Array)) throw new TypeError('setBindGroup: dynamicOffsetsData is not a Uint32Array.');
  const start = W.enforceU64(from, 'setBindGroup: dynamicOffsetsDataStart');
  const length = W.enforceU32(count, 'setBindGroup: dynamicOffsetsDataLength');
  if (start + length > data.length) {
    throw new RangeError(`setBindGroup: the range of ${length} offsets from ${start} is not inside the array of ${data.length}.`);
  }
  impl.setBindGroup(index, group, data, start, start + length);
}

/** Web IDL overload resolution for the two methods of WebGPU that have several signatures. */
import { toGPUBindGroup, toGPUBuffer } from './generated/interfaces.gen.ts';
import type * as I from './generated/impl.gen.ts';
import * as W from './webidl.ts';

interface CopiesBuffers {
  copyBufferToBuffer(...args: readonly unknown[]): void;
}

/** (source, destination, size?) or (source, sourceOffset, destination, destinationOffset, size?): told apart by the second argument. */
export function copyBufferToBuffer(impl: CopiesBuffers, present: number, ...a: readonly unknown[]): void {
  const where = 'GPUCommandEncoder.copyBufferToBuffer';
  W.count(present, 2, where);
  const source = toGPUBuffer(a[0], `${where}: source`);
  const isShort = present < 4 && typeof a[1] === 'object';
  if (isShort) {
    const size = a[2] === undefined ? undefined : W.enforceU64(a[2], `${where}: size`);
    impl.copyBufferToBuffer(source, 0, toGPUBuffer(a[1], `${where}: destination`), 0, size);
    return;
  }
  W.count(present, 4, where);
  impl.copyBufferToBuffer(
    source,
    W.enforceU64(a[1], `${where}: sourceOffset`),
    toGPUBuffer(a[2], `${where}: destination`),
    W.enforceU64(a[3], `${where}: destinationOffset`),
    a[4] === undefined ? undefined : W.enforceU64(a[4], `${where}: size`),
  );
}

interface BindsGroups {
  setBindGroup(...args: readonly unknown[]): void;
}

const NO_OFFSETS: readonly number[] = [];

/** (index, group, offsets?) or (index, group, data, start, length): told apart by the number of arguments. */
export function setBindGroup(impl: BindsGroups, present: number, ...a: readonly unknown[]): void {
  const where = 'setBindGroup';
  W.count(present, 2, where);
  if (present === 4) throw new TypeError(`${where} takes 2, 3 or 5 arguments, 4 given.`);
  const index = W.enforceU32(a[0], `${where}: index`);
  const group: I.GPUBindGroupImpl | null = a[1] === null || a[1] === undefined ? null : toGPUBindGroup(a[1], `${where}: bindGroup`);
  impl.setBindGroup(index, group, present > 4 ? offsetsFromArray(a, where) : offsetsFromSequence(a[2], where));
}

function offsetsFromSequence(value: unknown, where: string): ArrayLike<number> {
  if (value === undefined) return NO_OFFSETS;
  return W.toSequence(value, `${where}: dynamicOffsets`, (each) => W.enforceU32(each, `${where}: dynamic offset`));
}

function offsetsFromArray(a: readonly unknown[], where: string): ArrayLike<number> {
  const data = a[2];
  if (!(data instanceof Uint32Array)) throw new TypeError(`${where}: dynamicOffsetsData is not a Uint32Array.`);
  const start = W.enforceU64(a[3], `${where}: dynamicOffsetsDataStart`);
  const length = W.enforceU32(a[4], `${where}: dynamicOffsetsDataLength`);
  if (start + length > data.length) {
    throw new RangeError(`${where}: the range of ${length} offsets from ${start} is not inside the array of ${data.length}.`);
  }
  return data.subarray(start, start + length);
}

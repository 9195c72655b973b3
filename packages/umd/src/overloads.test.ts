import { deepEqual, equal, throws } from 'node:assert/strict';
import { before, test } from 'node:test';
import type { GPUBindGroup, GPUBuffer } from './generated/interfaces.gen.ts';
import { copyBufferToBuffer, setBindGroup } from './overloads.ts';
import { openDevice } from './testing/open-device.ts';

let source: GPUBuffer;
let destination: GPUBuffer;
let group: GPUBindGroup;
before(async () => {
  const { device } = await openDevice();
  source = device.createBuffer({ size: 16, usage: 4 });
  destination = device.createBuffer({ size: 16, usage: 8 });
  group = device.createBindGroup({ layout: device.createBindGroupLayout({ entries: [] }), entries: [] });
});

/** The arguments that the driver object gets; objects become words. */
function copied(...args: readonly unknown[]): unknown[] {
  let got: unknown[] = [];
  const impl = { copyBufferToBuffer: (...all: readonly unknown[]) => { got = [...all]; } };
  const [a0, a1, a2, a3, a4] = args;
  copyBufferToBuffer(impl, args.length, a0, a1, a2, a3, a4);
  return got.map((each) => (typeof each === 'object' ? 'buffer' : each));
}

for (const [what, args, expected] of [
  ['two buffers', () => [source, destination], ['buffer', 0, 'buffer', 0, undefined]],
  ['two buffers and a size', () => [source, destination, 8], ['buffer', 0, 'buffer', 0, 8]],
  ['two buffers and no size', () => [source, destination, undefined], ['buffer', 0, 'buffer', 0, undefined]],
  ['offsets', () => [source, 4, destination, 8], ['buffer', 4, 'buffer', 8, undefined]],
  ['offsets and a size', () => [source, 4, destination, 8, 12], ['buffer', 4, 'buffer', 8, 12]],
  ['offsets and no size', () => [source, 4, destination, 8, undefined], ['buffer', 4, 'buffer', 8, undefined]],
  ['offsets that are converted', () => [source, '4', destination, null, 12.5], ['buffer', 4, 'buffer', 0, 12]],
] as const) {
  test(`copyBufferToBuffer with ${what}`, () => deepEqual(copied(...args()), expected));
}

for (const [what, args] of [
  ['no arguments', () => []],
  ['one buffer', () => [source]],
  ['a buffer and an offset', () => [source, 0]],
  ['a buffer, an offset and a buffer', () => [source, 0, destination]],
  ['what is no buffer', () => [{}, destination]],
  ['null for a buffer', () => [source, null]],
  ['a negative offset', () => [source, -1, destination, 0]],
  ['a size that is no number', () => [source, destination, 'x']],
] as const) {
  test(`copyBufferToBuffer with ${what} is a TypeError`, () => throws(() => copied(...args()), { name: 'TypeError' }));
}

/** Without an iterator: some tests replace those. */
function listOf(words: Uint32Array, begin: number, end: number): number[] {
  const list: number[] = [];
  for (let i = begin; i < end; i++) list.push(words[i] as number);
  return list;
}

function bound(...args: readonly unknown[]): unknown[] {
  let got: unknown[] = [];
  const impl: Parameters<typeof setBindGroup>[0] = {
    setBindGroup: (index, bindGroup, offsets, begin, end) => { got = [index, bindGroup !== null, listOf(offsets, begin, end)]; },
  };
  setBindGroup(impl, args.length, args[0], args[1], args[2], args[3], args[4]);
  return got;
}

const DATA = Uint32Array.of(0, 256, 512, 768);
for (const [what, args, expected] of [
  ['a group', () => [1, group], [1, true, []]],
  ['null', () => [0, null], [0, false, []]],
  ['undefined', () => [0, undefined], [0, false, []]],
  ['a sequence of offsets', () => [0, group, [256, 512]], [0, true, [256, 512]]],
  ['more offsets than most calls have', () => [0, group, Array.from({ length: 40 }, (_, i) => i)], [0, true, Array.from({ length: 40 }, (_, i) => i)]],
  ['offsets that are converted', () => [0, group, ['256', null, 512.5, -0]], [0, true, [256, 0, 512, 0]]],
  ['an iterable of offsets', () => [0, group, new Set([256])], [0, true, [256]]],
  ['a typed array for a sequence', () => [0, group, DATA], [0, true, [0, 256, 512, 768]]],
  ['offsets from an array', () => [0, group, DATA, 1, 2], [0, true, [256, 512]]],
  ['no offsets from an array', () => [0, group, DATA, 4, 0], [0, true, []]],
] as const) {
  test(`setBindGroup with ${what}`, () => deepEqual(bound(...args()), expected));
}

for (const [what, args, name] of [
  ['one argument', () => [0], 'TypeError'],
  ['four arguments', () => [0, group, DATA, 0], 'TypeError'],
  ['another object', () => [0, {}], 'TypeError'],
  ['offsets that cannot be iterated', () => [0, group, 1], 'TypeError'],
  ['a negative offset', () => [0, group, [-1]], 'TypeError'],
  ['a plain array where a Uint32Array is due', () => [0, group, [0, 1], 0, 1], 'TypeError'],
  ['one offset more than the array has', () => [0, group, DATA, 3, 2], 'RangeError'],
  ['a start behind the array', () => [0, group, DATA, 5, 0], 'RangeError'],
] as const) {
  test(`setBindGroup with ${what} is a ${name}`, () => throws(() => bound(...args()), { name }));
}

test('a call out of the conversion of another call has offsets of its own', () => {
  const inner: unknown[] = [];
  const again = { valueOf: () => { inner.push(bound(1, group, [3, 4])); return 2; } };
  deepEqual(bound(0, group, [1, again, 3]), [0, true, [1, 2, 3]]);
  deepEqual(inner, [[1, true, [3, 4]]]);
});

test('an array that shrinks while it is converted ends where it then ends', () => {
  const offsets: unknown[] = [1, { valueOf: () => { offsets.length = 2; return 2; } }, 3];
  deepEqual(bound(0, group, offsets), [0, true, [1, 2]]);
});

test('an iterator that the program has replaced is used, of one array, of all, and for its steps', () => {
  const own = Object.assign([1], { [Symbol.iterator]: () => [7][Symbol.iterator]() });
  deepEqual(bound(0, group, own)[2], [7]);
  const { [Symbol.iterator]: values } = Array.prototype;
  Array.prototype[Symbol.iterator] = function () {
    return values.call([this.length + 7]);
  };
  let got: unknown;
  try {
    got = bound(0, group, [1])[2];
  } finally {
    Array.prototype[Symbol.iterator] = values;
  }
  deepEqual(got, [8]);
  const steps = Object.getPrototypeOf([][Symbol.iterator]()) as { next: () => IteratorResult<number> };
  const { next } = steps;
  steps.next = () => ({ done: true, value: undefined });
  try {
    got = bound(0, group, [1])[2];
  } finally {
    steps.next = next;
  }
  deepEqual(got, []);
});

test('offsets are those of the moment of the call', () => {
  const offsets = Uint32Array.of(256, 512);
  equal(bound(0, group, offsets, 0, 2).length, 3);
  deepEqual(bound(0, group, offsets, 0, 2)[2], [256, 512]);
});

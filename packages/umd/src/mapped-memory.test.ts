import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { MappedMemory } from './mapped-memory.ts';

const LENGTH = 1 << 20;

test('a buffer that is given has no bytes left, nor have its views', () => {
  for (const length of [16, LENGTH]) {
    const buffer = new ArrayBuffer(length);
    const view = new Uint8Array(buffer, 8);
    new MappedMemory().give(buffer);
    deepEqual([buffer.byteLength, view.byteLength, view[0]], [0, 0, undefined]);
  }
});

test('nothing happens to what is detached or empty already', () => {
  const memory = new MappedMemory();
  const buffer = new ArrayBuffer(LENGTH);
  memory.give(buffer);
  memory.give(buffer);
  memory.give(new ArrayBuffer(0));
  equal(memory.take(LENGTH).byteLength, LENGTH);
  equal(new Uint8Array(memory.take(LENGTH)).every((byte) => byte === 0), true);
});

test('works where buffers have no method to transfer them', () => {
  const buffer = new ArrayBuffer(LENGTH);
  Object.defineProperty(buffer, 'transfer', { value: undefined });
  new MappedMemory().give(buffer);
  equal(buffer.byteLength, 0);
});

test('memory goes on to the next buffer of its length, and to no other', () => {
  const memory = new MappedMemory();
  const buffer = new ArrayBuffer(LENGTH);
  new Uint8Array(buffer).fill(7);
  memory.give(buffer);
  equal(new Uint8Array(memory.take(LENGTH - 8))[0], 0);
  const [first, second] = [memory.take(LENGTH), memory.take(LENGTH)];
  deepEqual([new Uint8Array(first)[LENGTH - 1], new Uint8Array(second)[LENGTH - 1]], [7, 0]);
});

test('memory that is to be zero is', () => {
  const memory = new MappedMemory();
  const buffer = new ArrayBuffer(LENGTH);
  new Uint8Array(buffer).fill(7);
  memory.give(buffer);
  equal(new Uint8Array(memory.takeZeroed(LENGTH)).every((byte) => byte === 0), true);
});

test('what is short, and the oldest of many, is not kept', () => {
  const memory = new MappedMemory();
  const given = (length: number): void => {
    const buffer = new ArrayBuffer(length);
    new Uint8Array(buffer).fill(7);
    memory.give(buffer);
  };
  given(1024);
  equal(new Uint8Array(memory.take(1024))[0], 0);
  for (let i = 0; i <= 16; i++) given(LENGTH + i);
  equal(new Uint8Array(memory.take(LENGTH))[0], 0);
  equal(new Uint8Array(memory.take(LENGTH + 1))[0], 7);
});

test('what no memory holds is a RangeError', () => {
  throws(() => new MappedMemory().take(2 ** 52), RangeError);
});

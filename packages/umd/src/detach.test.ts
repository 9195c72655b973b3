import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { detach } from './detach.ts';

test('a detached buffer has no bytes left, nor have its views', () => {
  const buffer = new ArrayBuffer(16);
  const view = new Uint8Array(buffer, 8);
  detach(buffer);
  deepEqual([buffer.byteLength, view.byteLength, view[0]], [0, 0, undefined]);
});

test('nothing happens to what is detached or empty already', () => {
  const buffer = new ArrayBuffer(16);
  detach(buffer);
  detach(buffer);
  const empty = new ArrayBuffer(0);
  detach(empty);
  equal(empty.byteLength, 0);
});

test('works where buffers have no method to transfer them', () => {
  const buffer = new ArrayBuffer(16);
  Object.defineProperty(buffer, 'transfer', { value: undefined });
  detach(buffer);
  equal(buffer.byteLength, 0);
});

import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { closeDescriptor, createSealedMemfd, mapShared, mappedFilesOf } from './index.ts';

const sizeBytes = 64 * 1024;

function mapTwice() {
  const fd = createSealedMemfd('gpup-mapping-test', sizeBytes);
  const mappings = [mapShared(fd, sizeBytes), mapShared(fd, sizeBytes)] as const;
  closeDescriptor(fd);
  return mappings;
}

function mappedCount(): number {
  return mappedFilesOf(process.pid).filter((file) => file.path.includes('gpup-mapping-test') && file.shared).length;
}

test('two mappings of one memfd show the same bytes, after its descriptor is closed too', () => {
  const [first, second] = mapTwice();
  new Uint8Array(first.buffer)[100] = 42;
  equal(new Uint8Array(second.buffer)[100], 42);
  Atomics.add(new Int32Array(second.buffer), 1, 5);
  equal(Atomics.exchange(new Int32Array(first.buffer), 1, 0), 5);
  first.release();
  second.release();
});

test('a view of a part starts where it is asked to', () => {
  const [first, second] = mapTwice();
  const part = new Uint8Array(first.view(4096, 16));
  equal(part.length, 16);
  new Uint8Array(second.buffer)[4096 + 15] = 3;
  equal(part[15], 3);
  first.release();
  second.release();
});

test('a released mapping no longer holds the memory, and views that are still held read zeros', () => {
  const before = mappedCount();
  const [first, second] = mapTwice();
  equal(mappedCount(), before + 2);
  const held = new Uint8Array(first.buffer);
  const part = new Uint8Array(first.view(8192, 8));
  held.fill(1);
  first.release();
  first.release();
  equal(mappedCount(), before + 1);
  deepEqual([held[0], held[sizeBytes - 1], part[0]], [0, 0, 0]);
  held[0] = 5;
  equal(new Uint8Array(second.buffer)[0], 1);
  second.release();
});

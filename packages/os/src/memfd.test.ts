import { deepEqual, equal, throws } from 'node:assert/strict';
import { fstatSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { closeDescriptor, createSealedMemfd, mapShared, punchHole, resizeFile, SystemCallError, sealsOf } from './index.ts';

const sizeBytes = 64 * 1024;

test('a sealed memfd has the size it was made with, all zeros', () => {
  const fd = createSealedMemfd('gpup-test', sizeBytes);
  equal(fstatSync(fd).size, sizeBytes);
  equal(new Uint8Array(mapShared(fd, sizeBytes).buffer).every((byte) => byte === 0), true);
  closeDescriptor(fd);
});

test('no holder can shrink, grow or unseal a sealed memfd', () => {
  const fd = createSealedMemfd('gpup-test', sizeBytes);
  deepEqual(sealsOf(fd), { shrink: true, grow: true, seal: true });
  const refused = { name: 'SystemCallError', code: 'EPERM', errno: 1, syscall: 'ftruncate' };
  throws(() => resizeFile(fd, sizeBytes - 4096), refused);
  throws(() => resizeFile(fd, sizeBytes + 4096), refused);
  throws(() => resizeFile(fd, 0), refused);
  equal(fstatSync(fd).size, sizeBytes);
  closeDescriptor(fd);
});

test('a hole punched into a sealed memfd reads as zeros through every mapping', () => {
  const fd = createSealedMemfd('gpup-test', sizeBytes);
  const first = new Uint8Array(mapShared(fd, sizeBytes).buffer);
  const second = new Uint8Array(mapShared(fd, sizeBytes).buffer);
  first.fill(7);
  punchHole(fd, 4096, 8192);
  deepEqual([second[4095], second[4096], second[4096 + 8191], second[4096 + 8192]], [7, 0, 0, 7]);
  second[4096] = 9;
  equal(first[4096], 9);
  closeDescriptor(fd);
});

test('an ordinary file has no seals to ask for', () => {
  const fd = openSync(join(tmpdir(), `gpup-test-${process.pid}`), 'w');
  throws(() => sealsOf(fd), (error) => error instanceof SystemCallError && (error.code === 'EINVAL' || error.code === 'EPERM'));
  closeDescriptor(fd);
});

test('a closed descriptor is refused by name', () => {
  const fd = createSealedMemfd('gpup-test', sizeBytes);
  closeDescriptor(fd);
  throws(() => closeDescriptor(fd), { name: 'SystemCallError', code: 'EBADF', syscall: 'close' });
  throws(() => mapShared(fd, sizeBytes), { name: 'SystemCallError', code: 'EBADF', syscall: 'mmap' });
});

import { deepEqual, equal, throws } from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { closeDescriptor, createSealedMemfd, createSocketPair, mapShared, receiveDescriptors, sendDescriptors } from './index.ts';

const sizeBytes = 4096;

function openCount(): number {
  return readdirSync('/proc/self/fd').length;
}

function closeOnExec(fd: number): boolean {
  // fdinfo shows the open flags in octal, O_CLOEXEC among them.
  const flags = /flags:\s+([0-7]+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
  return (Number.parseInt(flags, 8) & 0o2000000) !== 0;
}

test('a memfd that is passed is the same memory', () => {
  const [first, second] = createSocketPair();
  const fd = createSealedMemfd('gpup-passing-test', sizeBytes);
  sendDescriptors(first, Uint8Array.of(1, 2, 3), [fd]);
  const { bytes, fds } = receiveDescriptors(second, { byteCountMax: 16, fdCountMax: 1 });
  deepEqual([...bytes], [1, 2, 3]);
  equal(fds.length, 1);
  const received = fds[0] ?? -1;
  equal(readlinkSync(`/proc/self/fd/${received}`), '/memfd:gpup-passing-test (deleted)');
  equal(closeOnExec(received), true);
  const ours = mapShared(fd, sizeBytes);
  const theirs = mapShared(received, sizeBytes);
  new Uint8Array(ours.buffer)[0] = 8;
  equal(new Uint8Array(theirs.buffer)[0], 8);
  for (const each of [first, second, fd, received]) closeDescriptor(each);
});

for (const fdCount of [0, 1, 2, 3, 253]) {
  test(`passes ${fdCount} descriptors in order`, () => {
    const before = openCount();
    const [first, second] = createSocketPair();
    const sent = Array.from({ length: fdCount }, (_, index) => createSealedMemfd(`gpup-test-${index}`, sizeBytes));
    sendDescriptors(first, Uint8Array.of(9), sent);
    const { fds } = receiveDescriptors(second, { byteCountMax: 1, fdCountMax: 253 });
    deepEqual(
      fds.map((fd) => readlinkSync(`/proc/self/fd/${fd}`)),
      sent.map((_, index) => `/memfd:gpup-test-${index} (deleted)`),
    );
    for (const fd of [first, second, ...sent, ...fds]) closeDescriptor(fd);
    equal(openCount(), before);
  });
}

test('descriptors that nobody asked for are closed at once', () => {
  const [first, second] = createSocketPair();
  const fd = createSealedMemfd('gpup-test', sizeBytes);
  const before = openCount();
  sendDescriptors(first, Uint8Array.of(9), [fd, fd, fd, fd]);
  equal(receiveDescriptors(second, { byteCountMax: 1, fdCountMax: 0 }).fds.length, 0);
  equal(openCount(), before);
  for (const each of [first, second, fd]) closeDescriptor(each);
});

test('the end of the stream is an empty message', () => {
  const [first, second] = createSocketPair();
  closeDescriptor(first);
  deepEqual(receiveDescriptors(second, { byteCountMax: 8, fdCountMax: 1 }), { bytes: new Uint8Array(0), fds: [] });
  closeDescriptor(second);
});

test('sending to a peer that is gone fails with EPIPE and no signal', () => {
  const [first, second] = createSocketPair();
  closeDescriptor(second);
  throws(() => sendDescriptors(first, Uint8Array.of(1), []), { name: 'SystemCallError', code: 'EPIPE', syscall: 'sendmsg' });
  closeDescriptor(first);
});

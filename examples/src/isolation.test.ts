import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { closeDescriptor, createSealedMemfd, mapShared } from '@gpup/os';
import { IsolationWatch, isForeignWritable, isGpuDriver } from './isolation.ts';
import { mappedRegionsOf, parseMaps } from './processes.ts';

const MAPS = `7f9d8bebf000-7f9d90000000 rw-s 00000000 00:01 2588                       /memfd:gpup-aperture (deleted)
7f9dcc099000-7f9dcc0ae000 r-xp 00000000 00:01 2589                       /memfd:swiftshader_jit (deleted)
7f9dd0c1b000-7f9dd0c1c000 r-xp 00001000 08:02 77                         /opt/a b/dawn.node
7f9dd0d00000-7f9dd0d21000 rw-p 00000000 00:00 0                          [heap]
7f9dd0e00000-7f9dd0e21000 rw-p 00000000 00:00 0
7f9dd0f00000-7f9dd0f01000 rw-s 00000000 00:0e 1042                       anon_inode:[io_uring]
7f9dd0f10000-7f9dd0f11000 r--s 00000000 00:16 9                          /dev/shm/other
`;

test('reads names with spaces, devices, inodes and sharing from /proc/PID/maps', () => {
  deepEqual(parseMaps(MAPS).map(({ path, file, shared }) => [path, file, shared]), [
    ['/memfd:gpup-aperture (deleted)', '00:01/2588', true],
    ['/memfd:swiftshader_jit (deleted)', '00:01/2589', false],
    ['/opt/a b/dawn.node', '08:02/77', false],
    ['[heap]', '00:00/0', false],
    ['anon_inode:[io_uring]', '00:0e/1042', true],
    ['/dev/shm/other', '00:16/9', true],
  ]);
});

test('tells memory that others can write from memory that they cannot', () => {
  deepEqual(parseMaps(MAPS).filter(isForeignWritable).map(({ path }) => path), [
    '/memfd:gpup-aperture (deleted)',
    '/memfd:swiftshader_jit (deleted)',
    '/dev/shm/other',
  ]);
});

for (const path of ['/a/dawn.node', '/usr/lib/libvulkan.so.1', '/x/libvk_swiftshader.so', '/usr/lib/libvulkan_lvp.so', '/usr/lib/libnvidia-glcore.so.1', '/dev/dri/renderD128', '/dev/nvidia0']) {
  test(`knows ${path} for a part of a GPU driver`, () => {
    equal(isGpuDriver({ path, file: '', shared: false }), true);
  });
}
for (const path of ['/a/koffi.node', '/usr/lib/libc.so.6', '/cache/swiftshader-1/notes', '/a/dawn.node.txt', '[heap]']) {
  test(`does not take ${path} for one`, () => {
    equal(isGpuDriver({ path, file: '', shared: false }), false);
  });
}

// The claims of the demo rest on this: it must see in a live process what it is to miss in others.
test('sees a memfd that this very process maps', () => {
  const fd = createSealedMemfd('isolation-test', 4096);
  const mapping = mapShared(fd, 4096);
  closeDescriptor(fd);
  const seen = mappedRegionsOf(process.pid).filter((region) => region.path.includes('isolation-test'));
  deepEqual(seen.map(isForeignWritable), [true]);
  const watch = new IsolationWatch(process.pid, () => []);
  watch.look();
  deepEqual([...watch.hostMemory.violations], ['The host process maps /memfd:isolation-test (deleted).']);
  mapping.release();
});

test('two guests with the same memory are found', () => {
  const fd = createSealedMemfd('isolation-test', 4096);
  const mapping = mapShared(fd, 4096);
  closeDescriptor(fd);
  const watch = new IsolationWatch(0, () => [{ name: 'a', pid: process.pid }, { name: 'b', pid: process.pid }]);
  watch.look();
  deepEqual([...watch.apertures.violations], ['Guests a and b map the same memory.']);
  equal(watch.guestDrivers.holds, true);
  mapping.release();
});

test('nothing that was never looked at holds', () => {
  const watch = new IsolationWatch(0, () => []);
  deepEqual([watch.guestDrivers.holds, watch.hostMemory.holds, watch.apertures.holds, watch.vfDrivers.holds], [false, false, false, false]);
});

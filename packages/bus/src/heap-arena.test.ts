import { equal, notEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { HeapArena } from './heap-arena.ts';
import { Random, seeds } from '@gpup/base/testing';

const sizeBytes = 1 << 20;

test('the whole arena is one region, again after everything was released', () => {
  const arena = new HeapArena(sizeBytes);
  equal(arena.reserve(sizeBytes), 0);
  equal(arena.reserve(1), -1);
  arena.release(0);
  const offsets = Array.from({ length: 128 }, () => arena.reserve(sizeBytes / 128));
  equal(arena.reserve(8), -1);
  // Every second one first, so that nothing can be joined until the others go.
  for (const offset of offsets.filter((_, index) => index % 2 === 0)) arena.release(offset);
  equal(arena.reserve(sizeBytes / 128 + 8), -1);
  for (const offset of offsets.filter((_, index) => index % 2 === 1)) arena.release(offset);
  equal(arena.usedBytes, 0);
  equal(arena.reserve(sizeBytes), 0);
});

test('one byte more than there is does not fit', () => {
  const arena = new HeapArena(sizeBytes);
  equal(arena.reserve(sizeBytes + 1), -1);
  equal(arena.reserve(2 ** 40), -1);
  equal(arena.usedBytes, 0);
});

test('a hole is filled by a region of exactly its size, whatever class that is in', () => {
  for (const holeBytes of [8, 120, 128, 136, 1000, 4096, 4104, 65_544, 300_000]) {
    const arena = new HeapArena(sizeBytes);
    const hole = arena.reserve(holeBytes);
    const rest = arena.reserve(sizeBytes - holeBytes);
    equal(rest !== -1, true);
    arena.release(hole);
    equal(arena.reserve(holeBytes), hole, `hole of ${holeBytes} bytes`);
  }
});

test('nothing still takes a region, so that offsets stay apart', () => {
  const arena = new HeapArena(sizeBytes);
  const first = arena.reserve(0);
  notEqual(arena.reserve(0), first);
});

test('what is not reserved cannot be released', () => {
  const arena = new HeapArena(sizeBytes);
  const offset = arena.reserve(64);
  throws(() => arena.release(offset + 8), { name: 'AssertionError' });
  arena.release(offset);
  throws(() => arena.release(offset), { name: 'AssertionError' });
});

test('the largest heap there is can be reserved whole', () => {
  const largestBytes = 2 ** 32 - 8;
  const arena = new HeapArena(largestBytes);
  equal(arena.reserve(largestBytes), 0);
  arena.release(0);
  equal(arena.reserve(3 * 2 ** 30), 0);
});

for (const seed of seeds(11, 42, 4711)) {
  test(`regions never overlap and nothing is lost under random operations, seed ${seed}`, () => {
    const random = new Random(seed);
    const arena = new HeapArena(sizeBytes);
    const owners = new Uint16Array(sizeBytes / 8);
    const regions: { offset: number; grains: number; owner: number }[] = [];
    let usedBytes = 0;
    for (let step = 1; step < 20_000; step += 1) {
      if (random.below(100) < 52) {
        const byteLength = random.skewed(sizeBytes / 4);
        const offset = arena.reserve(byteLength);
        if (offset === -1) continue;
        const region = { offset, grains: Math.ceil(byteLength / 8), owner: step };
        equal(offset % 8, 0);
        equal(offset + byteLength <= sizeBytes, true);
        const slots = owners.subarray(offset / 8, offset / 8 + region.grains);
        equal(slots.every((owner) => owner === 0), true);
        slots.fill(step);
        regions.push(region);
        usedBytes += region.grains * 8;
      } else if (regions.length > 0) {
        const [region] = regions.splice(random.below(regions.length), 1);
        if (region === undefined) continue;
        const slots = owners.subarray(region.offset / 8, region.offset / 8 + region.grains);
        equal(slots.every((owner) => owner === region.owner), true);
        slots.fill(0);
        arena.release(region.offset);
        usedBytes -= region.grains * 8;
      }
      equal(arena.usedBytes, usedBytes);
      equal(arena.regionCount, regions.length);
    }
    for (const { offset } of regions) arena.release(offset);
    equal(arena.reserve(sizeBytes), 0);
  });
}

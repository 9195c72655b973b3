import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { StagedHeap } from './staged-heap.ts';
import { Random, seeds } from '@gpup/base/testing';

const sizeBytes = 1 << 20;

function heapWithHost() {
  const host = { executed: 0 };
  return { host, heap: new StagedHeap(new Uint8Array(sizeBytes), () => host.executed) };
}

test('staged payload is freed by the execution of the packet after it, not before', () => {
  const { host, heap } = heapWithHost();
  equal(heap.stage(sizeBytes), 0);
  equal(heap.stage(8), -1);
  heap.sentUpTo(100);
  host.executed = 99;
  equal(heap.stage(8), -1);
  host.executed = 100;
  equal(heap.stage(8) >= 0, true);
});

test('payload that no packet was sent for stays, however far the host is', () => {
  const { host, heap } = heapWithHost();
  heap.sentUpTo(50);
  equal(heap.stage(sizeBytes), 0);
  host.executed = 50;
  equal(heap.stage(8), -1);
  heap.sentUpTo(60);
  equal(heap.stage(8), -1);
  host.executed = 60;
  equal(heap.stage(8) >= 0, true);
});

test('small payloads lie one behind the other', () => {
  const { heap } = heapWithHost();
  const first = heap.stage(5);
  equal(heap.stage(8), first + 8);
  equal(heap.stage(1), first + 16);
  equal(heap.stage(0), first + 24);
});

test('reserved regions stay until they are released', () => {
  const { host, heap } = heapWithHost();
  const offset = heap.reserve(sizeBytes);
  heap.sentUpTo(10);
  host.executed = 10;
  equal(heap.stage(8), -1);
  heap.release(offset);
  equal(heap.stage(8) >= 0, true);
});

test('an idle heap can be reserved whole, though small payloads were staged before', () => {
  const { host, heap } = heapWithHost();
  for (let count = 0; count < 100; count += 1) heap.stage(64);
  heap.sentUpTo(10);
  host.executed = 10;
  equal(heap.reserve(sizeBytes), 0);
});

test('staging in a steady stream never runs out while the host keeps up', () => {
  const { host, heap } = heapWithHost();
  for (let position = 1; position < 20_000; position += 1) {
    equal(heap.stage((position * 37) % 30_000) >= 0, true);
    heap.sentUpTo(position);
    host.executed = Math.max(0, position - 8);
  }
});

for (const seed of seeds(5, 99)) {
  test(`bytes that are in use are never given out again, seed ${seed}`, () => {
    const random = new Random(seed);
    const { host, heap } = heapWithHost();
    const owners = new Uint32Array(sizeBytes / 8);
    let staged: { offset: number; grains: number; id: number; position: number }[] = [];
    const reserved: { offset: number; grains: number; id: number }[] = [];
    let position = 2 ** 33;
    host.executed = position;
    const take = (offset: number, byteLength: number, id: number): { offset: number; grains: number; id: number } => {
      const grains = Math.ceil(byteLength / 8);
      const slots = owners.subarray(offset / 8, offset / 8 + grains);
      equal(slots.every((owner) => owner === 0), true);
      slots.fill(id);
      return { offset, grains, id };
    };
    const give = ({ offset, grains, id }: { offset: number; grains: number; id: number }): void => {
      const slots = owners.subarray(offset / 8, offset / 8 + grains);
      equal(slots.every((owner) => owner === id), true);
      slots.fill(0);
    };
    for (let id = 1; id < 20_000; id += 1) {
      const operation = random.below(10);
      const byteLength = random.skewed(sizeBytes / 3);
      if (operation < 5) {
        const offset = heap.stage(byteLength);
        if (offset >= 0) staged.push({ ...take(offset, byteLength, id), position: Number.POSITIVE_INFINITY });
      } else if (operation < 6) {
        const offset = heap.reserve(byteLength);
        if (offset >= 0) reserved.push(take(offset, byteLength, id));
      } else if (operation < 7 && reserved.length > 0) {
        const [region] = reserved.splice(random.below(reserved.length), 1);
        if (region === undefined) continue;
        give(region);
        heap.release(region.offset);
      } else if (operation < 9) {
        position += random.between(2, 500);
        heap.sentUpTo(position);
        for (const region of staged) region.position = Math.min(region.position, position);
      } else {
        host.executed += random.below(position - host.executed + 1);
        for (const region of staged) if (region.position <= host.executed) give(region);
        staged = staged.filter((region) => region.position > host.executed);
      }
    }
    heap.sentUpTo(position + 1);
    host.executed = position + 1;
    for (const { offset } of reserved) heap.release(offset);
    equal(heap.reserve(sizeBytes), 0);
  });
}

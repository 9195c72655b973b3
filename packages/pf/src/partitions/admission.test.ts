import { deepEqual, doesNotThrow, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { tableOf, using } from '../testing/tables.ts';
import { COMPUTE_PARTS } from './compute-parts.ts';
import { type PartitionTable, type UseOf, NOT_IN_USE, allotments, available, changePartition, createPartition } from './partition-table.ts';

const nowMs = 1;
const now = (use: UseOf = NOT_IN_USE) => ({ use, nowMs });

function currents(table: PartitionTable, use: UseOf = NOT_IN_USE): Record<string, number> {
  return Object.fromEntries([...allotments(table, use)].map(([name, { vramBytes }]) => [name, vramBytes]));
}

test('one that asks for nothing has the whole, until others come', () => {
  const alone = tableOf(24, { name: 'a' });
  deepEqual(currents(alone), { a: 24 });
  deepEqual(currents(createPartition(alone, { name: 'b' }, now()).table), { a: 12, b: 12 });
  deepEqual(currents(createPartition(alone, { name: 'b', size: '1/6' }, now()).table), { a: 20, b: 4 });
  deepEqual(currents(createPartition(alone, { name: 'b', size: '1' }, now()).table), { a: 0, b: 24 });
});

test('what is free goes to each up to its optimal, and no further', () => {
  deepEqual(currents(tableOf(24, { name: 'a', vram: { min: 2, optimal: 4, max: 24 } })), { a: 4 });
  deepEqual(currents(tableOf(24, { name: 'a', vram: { min: 10 } }, { name: 'b', vram: { max: 3 } }, { name: 'c' })), { a: 11, b: 3, c: 10 });
});

for (const size of ['1/6', '1/3', '1/8', '3/8', '1'] as const) {
  test(`as many partitions of size ${size} fit as it says, and not one more`, () => {
    // A prime: no part of it is whole.
    const adapterBytes = 25_769_803_751;
    const [numerator, denominator = 1] = size.split('/').map(Number) as [number, number?];
    const count = Math.floor(denominator / numerator);
    const requests = Array.from({ length: count }, (_, index) => ({ name: `p${index}`, size }));
    const table = tableOf(adapterBytes, ...requests);
    equal(table.partitions.length, count);
    throws(() => createPartition(table, { name: 'more', size }, now()), { code: 'vram-exhausted', field: 'vram.min' });
  });
}

test('mins that fill the adapter to the byte are admitted; one byte more is refused with what is left', () => {
  const table = tableOf(24, { name: 'a', vram: { min: 20, max: 20 } });
  doesNotThrow(() => createPartition(table, { name: 'b', vram: { min: 4, max: 4 } }, now()));
  throws(() => createPartition(table, { name: 'b', vram: { min: 5, max: 5 } }, now()), {
    code: 'vram-exhausted',
    message: 'Partition "b" needs 5 bytes of video memory; hardware-0 has 4 that are not promised to others, of 24.',
  });
});

test('six sixths of the compute fit, and then nothing more is promised', () => {
  const sixths = Array.from({ length: 6 }, (_, index) => ({ name: `p${index}`, compute: { min: 1 / 6 } }));
  const table = tableOf(24, ...sixths);
  throws(() => createPartition(table, { name: 'more', compute: { min: 0.000001 } }, now()), { code: 'compute-exhausted', field: 'compute.min' });
  const parts = [...allotments(table, NOT_IN_USE).values()].map(({ computeParts }) => computeParts);
  deepEqual(parts, Array(6).fill(COMPUTE_PARTS / 6));
  doesNotThrow(() => createPartition(table, { name: 'more', compute: { min: 0 } }, now()));
});

test('a partition of the other adapter is in nobody\'s way', () => {
  const table = tableOf(24, { name: 'a', size: '1' });
  deepEqual(currents(createPartition(table, { name: 'b', adapter: 'software-0', size: '1' }, now()).table), { a: 24, b: 24 });
});

test('what a partition uses beyond its min is not given away', () => {
  const table = tableOf(24, { name: 'a' });
  const use = using({ a: 20 });
  throws(() => createPartition(table, { name: 'b', vram: { min: 5 } }, now(use)), { code: 'vram-in-use' });
  const both = createPartition(table, { name: 'b', vram: { min: 4 } }, now(use)).table;
  deepEqual(currents(both, use), { a: 20, b: 4 });
  deepEqual(allotments(both, use).get('a'), { vramBytes: 20, shrinkingToBytes: 12, computeParts: COMPUTE_PARTS / 2 });
});

test('a partition that uses more than its share shrinks as its guests free memory, and others grow with it', () => {
  const table = tableOf(24, { name: 'a' }, { name: 'b' });
  for (const [usedBytes, expected, shrinkingToBytes] of [
    [20, { a: 20, b: 4 }, 12],
    [13, { a: 13, b: 11 }, 12],
    [12, { a: 12, b: 12 }, null],
    [0, { a: 12, b: 12 }, null],
  ] as const) {
    deepEqual(currents(table, using({ a: usedBytes })), expected);
    equal(allotments(table, using({ a: usedBytes })).get('a')?.shrinkingToBytes, shrinkingToBytes);
  }
});

test('whoever claims to use more than there is costs nobody their min', () => {
  const table = tableOf(24, { name: 'a', vram: { max: 4 } }, { name: 'b', vram: { min: 8 } }, { name: 'c', vram: { min: 1, max: 2 } });
  const { a = 0, b = 0, c = 0 } = currents(table, using({ a: 2 ** 50, c: 2 ** 50 }));
  equal(b >= 8 && c >= 1 && a + b + c <= 24, true);
});

for (const lowered of [{ max: 5 }, { optimal: 5 }]) {
  const table = tableOf(24, { name: 'a', vram: { min: 2, optimal: 8, max: 8 } });

  test(`lowering ${JSON.stringify(lowered)} to what is in use is done`, () => {
    const { table: next } = changePartition(table, 'a', { vram: lowered }, now(using({ a: 5 })));
    deepEqual(allotments(next, using({ a: 5 })).get('a')?.vramBytes, 5);
  });

  test(`lowering ${JSON.stringify(lowered)} below what is in use is refused, with both numbers`, () => {
    throws(() => changePartition(table, 'a', { vram: lowered }, now(using({ a: 6 }))), { code: 'vram-in-use', field: 'vram', message: /uses 6 bytes .* \(5\)/ });
    throws(() => changePartition(table, 'a', { vram: lowered, whenInUse: 'refuse' }, now(using({ a: 6 }))), { code: 'vram-in-use' });
  });

  test(`lowering ${JSON.stringify(lowered)} below what is in use waits, if asked to, and nothing more is given`, () => {
    const { table: next } = changePartition(table, 'a', { vram: lowered, whenInUse: 'wait' }, now(using({ a: 7 })));
    for (const usedBytes of [7, 6]) {
      const { vramBytes, shrinkingToBytes } = allotments(next, using({ a: usedBytes })).get('a') ?? {};
      deepEqual([vramBytes, shrinkingToBytes], [usedBytes, 5]);
    }
    deepEqual(allotments(next, using({ a: 5 })).get('a')?.shrinkingToBytes, null);
  });
}

test('a change that takes nothing is not refused for what is in use', () => {
  const table = tableOf(24, { name: 'a', vram: { max: 16 } }, { name: 'b' });
  const use = using({ a: 16 });
  doesNotThrow(() => changePartition(table, 'a', { vram: { max: 20 } }, now(use)));
  doesNotThrow(() => changePartition(table, 'a', { contextsMax: 3 }, now(use)));
});

test('a greater min has to be free, also of what others use', () => {
  const table = tableOf(24, { name: 'a', vram: { min: 4 } }, { name: 'b' });
  throws(() => changePartition(table, 'a', { vram: { min: 9 } }, now(using({ b: 16 }))), { code: 'vram-in-use' });
  doesNotThrow(() => changePartition(table, 'a', { vram: { min: 8 } }, now(using({ b: 16 }))));
  doesNotThrow(() => changePartition(table, 'a', { vram: { min: 3 } }, now(using({ b: 24 }))));
});

test('what is available can be promised, and not one unit more', () => {
  for (const used of [0, 9]) {
    const table = tableOf(24, { name: 'a', vram: { min: 3 }, compute: { min: 0.25 } });
    const use = using({ a: used });
    const free = available(table, 'hardware-0', use);
    deepEqual(free, { vramBytes: 24 - Math.max(3, used), computeParts: COMPUTE_PARTS * 0.75 });
    doesNotThrow(() => createPartition(table, { name: 'b', vram: { min: free.vramBytes }, compute: { min: 0.75 } }, now(use)));
    throws(() => createPartition(table, { name: 'b', vram: { min: free.vramBytes + 1 } }, now(use)), { name: 'Refusal' });
    throws(() => createPartition(table, { name: 'b', compute: { min: 0.75 + 1 / COMPUTE_PARTS } }, now(use)), { code: 'compute-exhausted' });
  }
});

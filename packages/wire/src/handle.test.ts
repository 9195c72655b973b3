import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { GENERATION_MASK, INDEX_MASK, generationOf, indexOf, makeHandle } from './handle.ts';
import { WIRE_LIMITS } from './limits.ts';

for (const index of [0, 1, INDEX_MASK - 1, INDEX_MASK]) {
  for (const generation of [0, 1, GENERATION_MASK - 1, GENERATION_MASK]) {
    test(`slot ${index} of generation ${generation} is one unsigned word`, () => {
      const handle = makeHandle(index, generation);
      equal(handle, generation * 2 ** 20 + index);
      equal(indexOf(handle), index);
      equal(generationOf(handle), generation);
    });
  }
}

test('a handle can name more objects than may live', () => ok(WIRE_LIMITS.objectCountMax < INDEX_MASK));

import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { GuestHeap } from '@gpup/bus';
import { INLINE } from '@gpup/wire';
import { type Place, ReadBackWindow } from './read-back-window.ts';

const MIB = 1 << 20;

/** Regions side by side, as many as fit; which are free is all that a window can see. */
class CountingHeap implements GuestHeap {
  readonly sizeBytes: number;
  readonly bytes = new Uint8Array(0);
  readonly reserved = new Map<number, number>();
  #next = 0;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }
  get usedBytes(): number {
    return [...this.reserved.values()].reduce((sum, each) => sum + each, 0);
  }
  stage(): number {
    return -1;
  }
  reserve(byteLength: number): number {
    if (this.usedBytes + byteLength > this.sizeBytes) return -1;
    this.#next += 8;
    this.reserved.set(this.#next, byteLength);
    return this.#next;
  }
  release(offset: number): void {
    equal(this.reserved.delete(offset), true);
  }
}

function taken(window: ReadBackWindow, byteLength: number): Place[] {
  const places: Place[] = [];
  for (let place = window.take(byteLength); place !== null; place = window.take(byteLength)) places.push(place);
  return places;
}

test('without a heap, 16 MiB are on their way in replies of a mebibyte', () => {
  const window = new ReadBackWindow({ heap: null });
  const places = taken(window, 100 * MIB);
  deepEqual(places, new Array(16).fill({ into: INLINE, length: MIB }));
  window.give(places[0] as Place);
  deepEqual(taken(window, 5), new Array(Math.floor(MIB / 5)).fill({ into: INLINE, length: 5 }));
});

test('in a heap, 32 MiB are on their way in regions of a mebibyte, and nothing inside of replies', () => {
  const heap = new CountingHeap(64 * MIB);
  const window = new ReadBackWindow({ heap });
  const places = taken(window, 100 * MIB);
  deepEqual(places.map(({ length }) => length), new Array(32).fill(MIB));
  equal(places.every(({ into }) => into !== INLINE), true);
  equal(heap.usedBytes, 32 * MIB);
  window.give(places[3] as Place);
  equal(heap.usedBytes, 31 * MIB);
  notEqual(window.take(100), null);
});

test('where uploads fill the heap, replies carry the bytes', () => {
  const window = new ReadBackWindow({ heap: new CountingHeap(1.5 * MIB) });
  const places = taken(window, MIB);
  deepEqual(places.map(({ into, length }) => [into === INLINE, length / MIB]), [[false, 1], ...new Array<unknown>(16).fill([true, 1])]);
});

test('a mapping of nothing needs no room in the heap', () => {
  const heap = new CountingHeap(64 * MIB);
  deepEqual(new ReadBackWindow({ heap }).take(0), { into: INLINE, length: 0 });
  equal(heap.usedBytes, 0);
});

test('who found no room goes on in order, each until it has what it needs', () => {
  const window = new ReadBackWindow({ heap: null });
  const places = taken(window, MIB);
  const calls: string[] = [];
  const need = (name: string, count: number): (() => boolean) => {
    let left = count;
    return () => {
      calls.push(name);
      while (left > 0 && window.take(MIB) !== null) left--;
      return left === 0;
    };
  };
  window.whenRoom(need('first', 2));
  window.whenRoom(need('second', 1));
  deepEqual(calls.splice(0), ['first', 'first']);
  window.give(places[0] as Place);
  deepEqual(calls.splice(0), ['first']);
  window.give(places[1] as Place);
  deepEqual(calls.splice(0), ['first', 'second']);
  window.give(places[2] as Place);
  deepEqual(calls.splice(0), ['second']);
  window.give(places[3] as Place);
  deepEqual(calls, []);
});

test('places that are given back while somebody is served are for the same one first', () => {
  const window = new ReadBackWindow({ heap: null });
  taken(window, MIB);
  let depth = 0;
  let callCount = 0;
  window.whenRoom(() => {
    equal(depth++, 0, 'nobody is called within a call');
    callCount++;
    // As on a context that is lost: every request fails at once.
    window.give({ into: INLINE, length: MIB });
    depth--;
    return callCount === 2;
  });
  window.give({ into: INLINE, length: 0 });
  equal(callCount, 2);
});

import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { GarbagePressure } from './garbage-pressure.ts';

const COUNT_STEP = 16_384;
const MIB = 1 << 20;
const BYTES_STEP = 128 * MIB;

function observed(): { readonly pressure: GarbagePressure; collections(): number; create(count: number, byteLength?: number): void } {
  let collections = 0;
  const pressure = new GarbagePressure(() => collections++);
  return {
    pressure,
    collections: () => collections,
    create(count, byteLength = 0) {
      for (let i = 0; i < count; i++) pressure.created(byteLength);
    },
  };
}

test('objects are collected when more than the step are alive', () => {
  const { collections, create } = observed();
  create(COUNT_STEP);
  equal(collections(), 0);
  create(1);
  equal(collections(), 1);
});

test('bytes are collected when more than the step are held', () => {
  const { collections, create } = observed();
  create(128, MIB);
  equal(collections(), 0);
  create(1, 1);
  equal(collections(), 1);
});

test('one collection is asked for at a time', () => {
  const { pressure, collections, create } = observed();
  create(COUNT_STEP * 3);
  equal(collections(), 1);
  pressure.collected();
  create(COUNT_STEP * 10);
  equal(collections(), 2);
});

test('objects that are released in time need no collection', () => {
  const { pressure, collections } = observed();
  for (let i = 0; i < COUNT_STEP * 4; i++) {
    pressure.created(MIB);
    pressure.released(MIB);
  }
  equal(collections(), 0);
});

test('after a collection the next is due at half as many again, and a step', () => {
  const { pressure, collections, create } = observed();
  create(COUNT_STEP + 1);
  pressure.collected();
  const due = Math.floor((COUNT_STEP + 1) * 1.5 + COUNT_STEP);
  create(due - (COUNT_STEP + 1));
  equal(collections(), 1);
  create(1);
  equal(collections(), 2);
});

test('after a collection that found everything the step is as at first', () => {
  const { pressure, collections, create } = observed();
  create(2, BYTES_STEP);
  equal(collections(), 1);
  for (let i = 0; i < 2; i++) pressure.released(BYTES_STEP);
  pressure.collected();
  create(1, BYTES_STEP);
  equal(collections(), 1);
  create(1, 1);
  equal(collections(), 2);
});

test('what a program destroys needs no collection, however much it was', () => {
  const { pressure, collections } = observed();
  for (let i = 0; i < 1000; i++) {
    pressure.created(BYTES_STEP);
    pressure.emptied(BYTES_STEP);
  }
  equal(collections(), 0);
  // The small halves are still there: by their number they are found.
  for (let i = 0; i < COUNT_STEP; i++) pressure.created(0);
  equal(collections(), 1);
});

test('finalizers that run after the end of their collection lower the next limit', () => {
  const { pressure, collections, create } = observed();
  create(2, BYTES_STEP);
  equal(collections(), 1);
  pressure.collected();
  for (let i = 0; i < 2; i++) pressure.released(BYTES_STEP);
  create(1, BYTES_STEP);
  equal(collections(), 1);
  create(1, 1);
  equal(collections(), 2);
});

test('with a small budget a collection is due when half of what was left is used', () => {
  const { pressure, collections, create } = observed();
  pressure.budgetBytes = 64 * MIB;
  create(32, MIB);
  equal(collections(), 0);
  create(1, 1);
  equal(collections(), 1);
  pressure.collected();
  create(15, MIB);
  equal(collections(), 1);
  create(1, MIB);
  equal(collections(), 2);
});

test('close to the budget each collection is at least a thirty-second of it away', () => {
  const { pressure, collections, create } = observed();
  pressure.budgetBytes = 64 * MIB;
  create(64, MIB);
  pressure.collected();
  create(2, MIB);
  equal(collections(), 1);
  create(1, 1);
  equal(collections(), 2);
});

test('a large budget changes nothing', () => {
  const { pressure, collections, create } = observed();
  pressure.budgetBytes = 6 * 1024 * MIB;
  create(1, BYTES_STEP);
  equal(collections(), 0);
  create(1, 1);
  equal(collections(), 1);
});

import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { WIRE_LIMITS, handles } from '@gpup/wire';
import { HandleAllocator } from './handle-allocator.ts';

test('handles are never 0 and never given twice while they live', () => {
  const allocator = new HandleAllocator();
  const given = new Set(Array.from({ length: 1000 }, () => allocator.allocate()));
  equal(given.size, 1000);
  equal(given.has(0), false);
  equal(allocator.liveCount, 1000);
});

test('a slot that was released comes back with the next generation', () => {
  const allocator = new HandleAllocator();
  allocator.allocate();
  const first = allocator.allocate();
  allocator.release(first);
  const second = allocator.allocate();
  notEqual(second, first);
  equal(handles.indexOf(second), handles.indexOf(first));
  equal(handles.generationOf(second), handles.generationOf(first) + 1);
  equal(allocator.liveCount, 2);
});

test('generations wrap around, and slot 0 stays nobody', () => {
  const allocator = new HandleAllocator();
  const first = allocator.allocate();
  let handle = first;
  for (let i = 0; i <= handles.GENERATION_MASK; i++) {
    allocator.release(handle);
    handle = allocator.allocate();
    notEqual(handles.indexOf(handle), 0);
  }
  equal(handle, first);
});

test('when every slot is taken there is none, until one is released', () => {
  const allocator = new HandleAllocator();
  let last = 0;
  // Slot 0 is nobody's.
  for (let i = 1; i < WIRE_LIMITS.objectCountMax; i++) last = allocator.allocate();
  equal(handles.indexOf(last), WIRE_LIMITS.objectCountMax - 1);
  deepEqual([allocator.allocate(), allocator.allocate()], [0, 0]);
  equal(allocator.liveCount, WIRE_LIMITS.objectCountMax - 1);
  allocator.release(last);
  equal(handles.indexOf(allocator.allocate()), WIRE_LIMITS.objectCountMax - 1);
  equal(allocator.allocate(), 0);
});

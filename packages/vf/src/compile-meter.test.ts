import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { ContextSlot, PartitionPage, pageBytes } from '@gpup/vidmm';
import { CompileMeter } from './compile-meter.ts';

function setUp() {
  const buffer = new ArrayBuffer(pageBytes(1));
  const page = PartitionPage.create(buffer, { slotCount: 1, budgetBytes: undefined, hostBudgetBytes: undefined });
  const slot = new ContextSlot({ buffer, slotIndex: page.allocateSlot(1) as number });
  const clock = { nowMs: 1000 };
  const meter = new CompileMeter(slot, () => clock.nowMs);
  const said = (): unknown => [page.slot(0).compileSinceMs, page.slot(0).compileDevice];
  return { meter, clock, said };
}

test('of several that are in the making the oldest is told, and the next one from when it is the oldest', () => {
  const { meter, clock, said } = setUp();
  deepEqual(said(), [null, 0]);
  const [first, second, third] = [11, 12, 13].map((device) => meter.begin(device)) as [() => void, () => void, () => void];
  clock.nowMs = 1010;
  deepEqual(said(), [1000, 11]);
  second();
  deepEqual(said(), [1000, 11]);
  first();
  deepEqual(said(), [1010, 13]);
  third();
  deepEqual(said(), [null, 0]);
});

test('where nobody watches nothing is kept', () => {
  new CompileMeter(null, () => 0).begin(1)();
});

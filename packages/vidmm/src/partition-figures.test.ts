import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { ContextSlot } from './context-slot.ts';
import { BYTES_MAX, pageBytes, SLOT, slotWord, viewPage } from './page-layout.ts';
import { PartitionPage } from './partition-page.ts';

function pageOf(budgetBytes: number | undefined) {
  const buffer = new SharedArrayBuffer(pageBytes(4));
  const page = PartitionPage.create(buffer, { slotCount: 4, budgetBytes, hostBudgetBytes: undefined });
  const slots = [1, 2].map((vfPid) => new ContextSlot({ buffer, slotIndex: page.allocateSlot(vfPid) as number }));
  return { buffer, page, slots: slots as [ContextSlot, ContextSlot] };
}

test('a context sees the sums of its partition, ended contexts included where it counts', () => {
  const { page, slots: [one, other] } = pageOf(1000);
  one.video.reserve(300);
  other.video.reserve(200);
  one.video.release(100);
  one.submitted(5);
  one.completed(4);
  other.submitted(2);
  deepEqual(other.partition(), { vramUsedBytes: 400, vramPeakBytes: 500, vramBudgetBytes: 1000, contextCount: 2, submitCount: 7, completedCount: 4 });
  page.retireSlot(0);
  deepEqual(other.partition(), { vramUsedBytes: 200, vramPeakBytes: 500, vramBudgetBytes: 1000, contextCount: 1, submitCount: 7, completedCount: 4 });
  equal(page.usage().submitCount, other.partition().submitCount);
});

test('without a budget there is none', () => {
  equal(pageOf(undefined).slots[0].partition().vramBudgetBytes, undefined);
});

test('what another VF has written is a number that can be sent', () => {
  const { buffer, slots: [one] } = pageOf(1000);
  const { big, float } = viewPage(buffer);
  for (const value of [Number.NaN, -1, Number.POSITIVE_INFINITY, 1e300, 0.5]) {
    for (const word of [SLOT.submitSerial, SLOT.completedSerial, SLOT.seenPeakBytes]) float[slotWord(1) + word] = value;
    big[slotWord(1) + SLOT.usedBytes] = -5n;
    const figures = one.partition();
    for (const count of [figures.submitCount, figures.completedCount, figures.vramPeakBytes, figures.vramUsedBytes]) ok(Number.isSafeInteger(count) && count >= 0, String(count));
  }
  big[slotWord(1) + SLOT.usedBytes] = 2n ** 62n;
  ok(one.partition().vramUsedBytes <= 2 * BYTES_MAX);
});

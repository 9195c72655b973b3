import { deepEqual, equal, match, notEqual, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { ContextSlot } from './context-slot.ts';
import { HEADER, pageDefect, SLOT, slotWord, SUBMITS_PER_QUESTION_MAX, viewPage } from './page-layout.ts';
import { PartitionPage } from './partition-page.ts';
import { testPage } from './testing/pages.ts';

test('slots are given until all are taken, and again once they are free', () => {
  const { page } = testPage({ slotCount: 2 });
  deepEqual([page.allocateSlot(11), page.allocateSlot(12), page.allocateSlot(13)], [0, 1, null]);
  page.retireSlot(0);
  equal(page.slot(0).vfPid, 0);
  equal(page.allocateSlot(13), 0);
  equal(page.slot(0).vfPid, 13);
});

test('a slot says what its context says', () => {
  const { page, buffer } = testPage();
  const slotIndex = page.allocateSlot(42) as number;
  const slot = new ContextSlot({ buffer, slotIndex, clockOffsetMs: 1000 });
  slot.video.reserve(100);
  slot.host.reserve(50);
  slot.submitted(3);
  slot.completed(2);
  slot.gpuTime(700);
  slot.oldest(234, 9);
  slot.oldestCovers(2);
  slot.compiling(235, 8);
  slot.packetBoundary();
  slot.beat();
  slot.faulted();
  slot.latency(0, 5);
  const { queueWaitUs, submitLatencyUs, ...view } = page.slot(slotIndex);
  deepEqual(view, {
    ...{ vfPid: 42, vramBytes: 100, hostBytes: 50, submitCount: 3, completedCount: 2, gpuTimeUs: 700 },
    ...{ oldestSubmitMs: 1234, oldestSubmitCount: 2, guiltyDevice: 9, compileSinceMs: 1235, compileDevice: 8 },
    ...{ packetSerial: 1, heartbeat: 1, faultCount: 1 },
  });
  equal(queueWaitUs[0], 1);
  equal(submitLatencyUs[3], 1);
  slot.drained();
  deepEqual([page.slot(slotIndex).oldestSubmitMs, page.slot(slotIndex).guiltyDevice], [null, 0]);
  slot.compiled();
  deepEqual([page.slot(slotIndex).compileSinceMs, page.slot(slotIndex).compileDevice], [null, 0]);
});

test('submits that finish as one are no more than one question asks about, whatever a VF says; an older VF says nothing', () => {
  const { page, open, buffer } = testPage();
  const { slot, slotIndex } = open();
  equal(page.slot(slotIndex).oldestSubmitCount, 1);
  for (const [said, read] of [[0, 1], [1, 1], [SUBMITS_PER_QUESTION_MAX, SUBMITS_PER_QUESTION_MAX], [SUBMITS_PER_QUESTION_MAX + 1, SUBMITS_PER_QUESTION_MAX], [-1, 1], [Number.NaN, 1]] as const) {
    slot.oldestCovers(said);
    equal(page.slot(slotIndex).oldestSubmitCount, read);
  }
  slot.oldest(1, 1);
  equal(page.slot(slotIndex).oldestSubmitCount, 1);
  equal(viewPage(buffer).float[slotWord(slotIndex) + SLOT.oldestSubmitCount], 1);
});

test('timeouts are counted, also by the daemon that comes next', () => {
  const { page, buffer, open } = testPage();
  const { slotIndex } = open();
  equal(page.usage().tdrCount, 0);
  page.countTdr();
  page.retireSlot(slotIndex);
  page.countTdr();
  equal(page.usage().tdrCount, 2);
  equal(PartitionPage.open(buffer, { budgetBytes: undefined, hostBudgetBytes: undefined }).usage().tdrCount, 2);
});

test('what an ended context held is free, what it counted stays', () => {
  const { page, open } = testPage({ budgetBytes: 100 });
  const { slot, slotIndex } = open();
  slot.video.reserve(100);
  slot.submitted(3);
  slot.completed(2);
  slot.latency(1, 1);
  page.retireSlot(slotIndex);
  const { vramBytes, vramPeakBytes, submitCount, completedCount, queueWaitUs } = page.usage();
  deepEqual([vramBytes, vramPeakBytes, submitCount, completedCount, queueWaitUs[1]], [0, 100, 3, 2, 1]);
  equal(open().slot.video.reserve(100), true);
});

test('a context that was killed between claim and decision leaves nothing behind', () => {
  const { page, open, buffer } = testPage({ budgetBytes: 100 });
  const { slotIndex } = open();
  const other = open().slot;
  const { big, int } = viewPage(buffer);
  Atomics.store(int, slotWord(slotIndex) * 2 + SLOT.reservingHalf, 1);
  Atomics.store(big, slotWord(slotIndex) + SLOT.usedBytes, 10_000n);
  equal(other.video.reserve(1), false);
  page.retireSlot(slotIndex);
  equal(page.usedBytes(), 0);
  equal(other.video.reserve(100), true);
});

test('the peak is the most that was in use at once', () => {
  const { page, open } = testPage({ budgetBytes: 100 });
  const [first, second] = [open().slot, open().slot] as const;
  first.video.reserve(50);
  second.video.reserve(40);
  first.video.release(50);
  second.video.reserve(20);
  equal(second.video.reserve(60), false);
  deepEqual([page.usage().vramBytes, page.usage().vramPeakBytes], [60, 90]);
});

// Both sides of what is in use.
for (const whenInUse of ['refuse', 'wait'] as const) {
  test(`a budget can be lowered to what is in use (${whenInUse})`, () => {
    const { page, open } = testPage({ budgetBytes: 100 });
    open().slot.video.reserve(60);
    deepEqual(page.setBudgetBytes(60, whenInUse), { kind: 'changed' });
    equal(page.isShrinking, false);
    deepEqual([page.budgetBytes, open().slot.video.limitBytes], [60, 60]);
  });
}

test('a budget is not lowered below what is in use', () => {
  const { page, open } = testPage({ budgetBytes: 100 });
  const { slot } = open();
  slot.video.reserve(60);
  deepEqual(page.setBudgetBytes(59, 'refuse'), { kind: 'in-use', usedBytes: 60 });
  deepEqual([page.budgetBytes, page.isShrinking], [100, false]);
  equal(slot.video.reserve(40), true);
});

test('or waits until it is free, and gives nothing meanwhile', () => {
  const { page, open } = testPage({ budgetBytes: 100 });
  const { slot } = open();
  slot.video.reserve(60);
  deepEqual(page.setBudgetBytes(50, 'wait'), { kind: 'shrinking', usedBytes: 60 });
  equal(page.isShrinking, true);
  equal(slot.video.reserve(1), false);
  slot.video.release(10);
  equal(page.isShrinking, false);
  equal(slot.video.reserve(1), false);
  slot.video.release(1);
  equal(slot.video.reserve(1), true);
});

test('the budget of host memory changes likewise', () => {
  const { page, open } = testPage({ hostBudgetBytes: 100 });
  const { slot } = open();
  slot.host.reserve(60);
  deepEqual(page.setHostBudgetBytes(59, 'refuse'), { kind: 'in-use', usedBytes: 60 });
  deepEqual(page.setHostBudgetBytes(59, 'wait'), { kind: 'shrinking', usedBytes: 60 });
  deepEqual(page.setHostBudgetBytes(undefined, 'refuse'), { kind: 'changed' });
  equal(slot.host.reserve(2 ** 40), true);
});

test('a next daemon takes a page over with what is on it', () => {
  const { page, open, buffer } = testPage({ budgetBytes: 100 });
  const [alive, dead, ended] = [open(21), open(22), open(23)] as const;
  for (const { slot } of [alive, dead, ended]) {
    slot.video.reserve(30);
    slot.submitted(2);
  }
  page.retireSlot(ended.slotIndex);
  const next = PartitionPage.open(buffer, { budgetBytes: 100, hostBudgetBytes: undefined });
  equal(next.adoptSlot(alive.slotIndex, 21), true);
  next.sweep();
  const { vramBytes, vramPeakBytes, submitCount } = next.usage();
  deepEqual([vramBytes, vramPeakBytes, submitCount], [30, 90, 6]);
  equal(alive.slot.video.reserve(70), true);
  equal(next.allocateSlot(24), 1);
});

test('a slot is adopted once, and only where there is one', () => {
  const { page } = testPage({ slotCount: 2 });
  equal(page.adoptSlot(1, 21), true);
  equal(page.adoptSlot(1, 22), false);
  for (const slotIndex of [-1, 2, 0.5, Number.NaN]) equal(page.adoptSlot(slotIndex, 22), false);
});

test('a page that is none is told from one', () => {
  // As many as its memory can have: with one more it would be larger.
  const { buffer } = testPage({ slotCount: 6 });
  equal(pageDefect(buffer), null);
  const { int } = viewPage(buffer);
  for (const half of [HEADER.magicHalf, HEADER.versionHalf, HEADER.slotCountHalf]) {
    const value = Atomics.load(int, half);
    for (const wrong of [0, value + 1, -1]) {
      Atomics.store(int, half, wrong);
      notEqual(pageDefect(buffer), null);
    }
    Atomics.store(int, half, value);
  }
  notEqual(pageDefect(new ArrayBuffer(0)), null);
  throws(() => PartitionPage.open(new ArrayBuffer(8192), { budgetBytes: 1, hostBudgetBytes: 1 }), /magic \(0x0\)/);
});

test('what a VF did to a page is noticed', () => {
  const { page, buffer, open } = testPage({ budgetBytes: 100 });
  open().slot.video.reserve(1);
  equal(page.tampering(), null);
  const { big } = viewPage(buffer);
  Atomics.store(big, HEADER.budgetBytes, 101n);
  match(page.tampering() ?? '', /budget \(101\) is not 100/);
  page.setBudgetBytes(100, 'refuse');
  equal(page.tampering(), null);
});

test('slots do not touch', () => {
  const { page, open } = testPage({ slotCount: 64, budgetBytes: undefined });
  const slots = Array.from({ length: 64 }, () => open().slot);
  for (const [i, slot] of slots.entries()) {
    slot.video.reserve(i + 1);
    slot.latency(2 ** 40, 2 ** 40);
  }
  for (let i = 0; i < 64; i++) {
    const { vramBytes, queueWaitUs, submitLatencyUs } = page.slot(i);
    equal(vramBytes, i + 1);
    deepEqual([queueWaitUs.at(-1), submitLatencyUs.at(-1), queueWaitUs[0]], [1, 1, 0]);
  }
  ok(page.usedBytes() === (64 * 65) / 2);
});

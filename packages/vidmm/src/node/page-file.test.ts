import { equal, ok, throws } from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { closeDescriptor, createSealedMemfd, monotonicUs } from '@gpup/os';
import { pageBytes } from '../page-layout.ts';
import { createPageFile, openContextSlot, openPageFile } from './page-file.ts';

const BUDGETS = { budgetBytes: 100, hostBudgetBytes: 100 };

test('daemon, VF and next daemon see the same page by its descriptor', () => {
  const { page, fd, release } = createPageFile('gpup-page-test', { slotCount: 2, ...BUDGETS });
  const slotIndex = page.allocateSlot(process.pid) as number;
  const slot = openContextSlot(fd, slotIndex);
  equal(slot.video.reserve(101), false);
  equal(slot.video.reserve(100), true);
  equal(page.usedBytes(), 100);
  release();
  const next = openPageFile(fd, BUDGETS);
  equal(next.page.adoptSlot(slotIndex, process.pid), true);
  equal(next.page.usage().vramBytes, 100);
  next.release();
  closeDescriptor(fd);
});

test('a VF says times on the clock that its daemon has', () => {
  const { page, fd, release } = createPageFile('gpup-page-test', { slotCount: 1, ...BUDGETS });
  const slot = openContextSlot(fd, page.allocateSlot(process.pid) as number);
  const beforeMs = Math.floor(monotonicUs() / 1000);
  slot.oldest(performance.now(), 1);
  const { oldestSubmitMs } = page.slot(0);
  const afterMs = Math.ceil(monotonicUs() / 1000);
  ok(oldestSubmitMs !== null && oldestSubmitMs >= beforeMs - 1 && oldestSubmitMs <= afterMs + 1);
  release();
  closeDescriptor(fd);
});

test('a file that its holder could shrink is not mapped', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-page-'));
  const path = join(directory, 'page');
  const fd = openSync(path, 'w+');
  truncateSync(path, pageBytes(1));
  throws(() => openPageFile(fd, BUDGETS));
  closeSync(fd);
  rmSync(directory, { recursive: true });
});

for (const sizeBytes of [4096 - 1, pageBytes(64) + 1]) {
  test(`a file of ${sizeBytes} bytes is not mapped`, () => {
    const fd = createSealedMemfd('gpup-page-test', sizeBytes);
    throws(() => openPageFile(fd, BUDGETS), new RegExp(`has ${sizeBytes} bytes`));
    closeDescriptor(fd);
  });
}

test('a sealed file of zeros is no page', () => {
  const fd = createSealedMemfd('gpup-page-test', pageBytes(1));
  throws(() => openPageFile(fd, BUDGETS), /magic/);
  closeDescriptor(fd);
});

/** A VF that was taken over can write every word of its partition's page at any time. */
import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { ContextSlot } from './context-slot.ts';
import { HEADER, pageBytes } from './page-layout.ts';
import { type PageUsage, PartitionPage } from './partition-page.ts';
import { testPage } from './testing/pages.ts';
import { Random, seeds } from '@gpup/base/testing';

const SLOT_COUNT = 3;
const WORDS: readonly ((random: Random) => number)[] = [
  (random) => random.word(),
  () => 0xffffffff,
  () => 0x7ff00000, // Of an infinity.
  () => 0xfff80000, // Of a NaN.
  () => 0x80000000,
  () => 0,
];

function scribble(buffer: SharedArrayBuffer, random: Random): void {
  const words = new Uint32Array(buffer);
  const spoil = WORDS[random.below(WORDS.length)] as (random: Random) => number;
  for (let i = random.below(words.length); i < words.length; i += 1 + random.below(8)) words[i] = spoil(random);
}

function isSound(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isSound);
  return value === null || (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0);
}

function checkUsage(usage: PageUsage): void {
  for (const [name, value] of Object.entries(usage)) ok(isSound(value), `${name} is ${value}`);
}

for (const seed of seeds(7, 2026)) {
  test(`whatever stands on a page, the daemon reads numbers and goes on, seed ${seed}`, () => {
    const random = new Random(seed);
    const { page, buffer, open } = testPage({ slotCount: SLOT_COUNT, budgetBytes: 1000, hostBudgetBytes: 1000 });
    for (let i = 0; i < SLOT_COUNT; i++) open();
    for (let i = 0; i < 2000; i++) {
      scribble(buffer, random);
      checkUsage(page.usage());
      for (let slotIndex = 0; slotIndex < SLOT_COUNT; slotIndex++) for (const value of Object.values(page.slot(slotIndex))) ok(isSound(value));
      ok(page.usage().vramPeakBytes <= 1000);
      page.setBudgetBytes(1 + random.below(1000), random.below(2) === 0 ? 'refuse' : 'wait');
      page.tampering();
      const slotIndex = random.below(SLOT_COUNT);
      page.retireSlot(slotIndex);
      page.sweep();
      equal(page.slot(slotIndex).vramBytes, 0);
      page.allocateSlot(1);
    }
  });

  test(`a page of garbage is opened or refused, seed ${seed}`, () => {
    const random = new Random(seed);
    let openedCount = 0;
    for (let i = 0; i < 500; i++) {
      const { buffer } = testPage({ slotCount: SLOT_COUNT });
      const kept = new Uint32Array(buffer).slice(0, 3);
      scribble(buffer, random);
      if (i % 2 === 0) new Uint32Array(buffer).set(kept);
      try {
        const page = PartitionPage.open(buffer, { budgetBytes: 1000, hostBudgetBytes: undefined });
        openedCount++;
        checkUsage(page.usage());
        page.sweep();
        equal(page.usedBytes(), 0);
      } catch (error) {
        ok(error instanceof Error && error.message.startsWith('Partition page'), String(error));
      }
    }
    ok(openedCount >= 250);
  });

  test(`a neighbour on a page of garbage is at most refused, seed ${seed}`, () => {
    const random = new Random(seed);
    const { buffer, open } = testPage({ slotCount: SLOT_COUNT, budgetBytes: 1000 });
    const { slotIndex } = open();
    const slot = new ContextSlot({ buffer, slotIndex });
    for (let i = 0; i < 2000; i++) {
      scribble(buffer, random);
      if (slot.video.reserve(10)) slot.video.release(10);
      ok(slot.video.usedBytes >= 0 && slot.video.limitBytes >= 0);
      slot.packetBoundary();
      slot.latency(1, 1);
    }
  });
}

test('a VF that has the others sum fewer slots is found out', () => {
  const buffer = new SharedArrayBuffer(pageBytes(SLOT_COUNT));
  const page = PartitionPage.create(buffer, { slotCount: SLOT_COUNT, budgetBytes: 1000, hostBudgetBytes: undefined });
  for (let pid = 1; pid <= SLOT_COUNT; pid++) page.allocateSlot(pid);
  equal(page.tampering(), null);
  new Int32Array(buffer)[HEADER.usedSlotCountHalf] = 0;
  equal(page.tampering(), 'Partition page count of used slots (0) is not 3.');
});

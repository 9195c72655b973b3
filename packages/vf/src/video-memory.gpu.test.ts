import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { AllocationSoak, disagreement } from './testing/allocation-soak.ts';
import { Random } from '@gpup/base/testing';
import { openTestGpu } from './testing/test-gpu.ts';

const BUDGET_BYTES = 256 * 2 ** 20;
const STEP_COUNT = 400;
const SAMPLE_EVERY = 40;

// The large ones first: the heaps of small ones stay.
for (const sizes of ['large', 'mixed'] as const) {
  for (const seed of [7, 2026]) {
    test(`what the account says is what the process holds, ${sizes} allocations, seed ${seed}`, async () => {
      const soak = await AllocationSoak.begin(await openTestGpu(), { budgetBytes: BUDGET_BYTES, sizes, random: new Random(seed) });
      for (let i = 1; i <= STEP_COUNT; i++) {
        await soak.step();
        if (i % SAMPLE_EVERY === 0) equal(disagreement(await soak.sample(), sizes), null);
      }
      ok(sizes === 'mixed' || soak.refusalCount > 0, 'the budget was reached');
      await soak.freeAll();
      equal(disagreement(await soak.sample(), sizes), null);
    });
  }
}

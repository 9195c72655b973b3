import { equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { type Budget, OwnBudget } from './budget.ts';
import { testPage } from './testing/pages.ts';
import { VideoMemory } from './video-memory.ts';

const BUDGETS: readonly (readonly [string, (limitBytes: number | undefined) => Budget])[] = [
  ['of its own', (limitBytes) => new OwnBudget(limitBytes)],
  ['on a page', (budgetBytes) => testPage({ budgetBytes }).open().slot.video],
];

for (const [name, budget] of BUDGETS) {
  test(`a budget ${name} is used to the last byte and not beyond`, () => {
    const memory = new VideoMemory(budget(100));
    equal(memory.reserve(60), true);
    equal(memory.reserve(41), false);
    equal(memory.usedBytes, 60);
    equal(memory.reserve(40), true);
    equal(memory.reserve(1), false);
    memory.release(60);
    equal(memory.reserve(61), false);
    equal(memory.reserve(60), true);
    equal(memory.usedBytes, 100);
  });

  test(`a budget ${name} without a limit refuses nothing that can be`, () => {
    const memory = new VideoMemory(budget(undefined));
    equal(memory.reserve(2 ** 45), true);
    equal(memory.limitBytes, Number.POSITIVE_INFINITY);
  });

  test(`a refusal of a budget ${name} names what is needed, left and allowed`, () => {
    const memory = new VideoMemory(budget(100));
    memory.reserve(60);
    match(memory.refusal('Buffer', 41), /^Buffer needs 41 bytes of video memory, of which 40 of 100 are left\.$/);
  });
}

test('contexts of a partition share its budget to the last byte', () => {
  const { open, page } = testPage({ budgetBytes: 100 });
  const [first, second] = [new VideoMemory(open().slot.video), new VideoMemory(open().slot.video)] as const;
  equal(first.reserve(60), true);
  equal(second.reserve(41), false);
  equal(second.reserve(40), true);
  equal(page.usedBytes(), 100);
  first.release(1);
  equal(second.reserve(2), false);
  equal(second.reserve(1), true);
  equal(page.usedBytes(), 100);
});

test('what takes nothing can be had while a budget shrinks', () => {
  const { open, page } = testPage({ budgetBytes: 100 });
  const memory = new VideoMemory(open().slot.video);
  memory.reserve(100);
  page.setBudgetBytes(50, 'wait');
  equal(memory.reserve(0), true);
  match(memory.refusal('Buffer', 4), /of which 0 of 50 are left/);
});

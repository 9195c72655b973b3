import { equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { OwnBudget } from './budget.ts';
import { HostMemory, LEASE_BYTES } from './host-memory.ts';
import { testPage } from './testing/pages.ts';
import { Random } from '@gpup/base/testing';

const LIMIT_BYTES = 3 * LEASE_BYTES + 100;

test('a guest may make its host hold the last byte of the budget, and not one more', () => {
  const memory = new HostMemory(new OwnBudget(LIMIT_BYTES));
  memory.charge(LIMIT_BYTES - 1);
  memory.charge(1);
  equal(memory.usedBytes, LIMIT_BYTES);
  throws(() => memory.charge(1), { name: 'GuestFault', code: 'host-memory', message: new RegExp(`hold ${LIMIT_BYTES} bytes and needs 1 more; .* the limit is ${LIMIT_BYTES}\\.`) });
  equal(memory.tryCharge(1), false);
  equal(memory.usedBytes, LIMIT_BYTES);
  memory.release(1);
  memory.charge(1);
});

test('contexts of a partition share the budget, and what one has taken in advance is little', () => {
  const { open, page } = testPage({ hostBudgetBytes: LIMIT_BYTES });
  const [first, second] = [new HostMemory(open().slot.host), new HostMemory(open().slot.host)] as const;
  first.charge(1);
  equal(page.hostUsedBytes(), LEASE_BYTES);
  second.charge(LIMIT_BYTES - LEASE_BYTES);
  equal(second.tryCharge(1), false);
  // The rest of the lease is still the first one's.
  first.charge(LEASE_BYTES - 1);
  equal(first.tryCharge(1), false);
  second.release(LIMIT_BYTES - LEASE_BYTES);
  equal(page.hostUsedBytes(), 2 * LEASE_BYTES);
});

for (const seed of [7, 2026]) {
  test(`never takes two leases more than it uses, seed ${seed}`, () => {
    const random = new Random(seed);
    const budget = new OwnBudget(64 * LEASE_BYTES);
    const memory = new HostMemory(budget);
    const held: number[] = [];
    for (let i = 0; i < 20_000; i++) {
      const bytes = random.skewed(4 * LEASE_BYTES);
      if (random.below(2) === 0) {
        if (memory.tryCharge(bytes)) held.push(bytes);
      } else if (held.length > 0) {
        memory.release(held.splice(random.below(held.length), 1)[0] as number);
      }
      const usedBytes = held.reduce((sum, each) => sum + each, 0);
      equal(memory.usedBytes, usedBytes);
      ok(budget.usedBytes >= usedBytes && budget.usedBytes < usedBytes + 2 * LEASE_BYTES);
    }
  });
}

import { deepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../refusal.ts';
import { Random, seeds } from '@gpup/base/testing';
import { tableOf } from '../testing/tables.ts';
import { type PartitionTable, type UseOf, allotments, changePartition, createPartition, removePartition } from './partition-table.ts';
import { type Budgets, heldTo, settleBudgets } from './settle-budgets.ts';

const ADAPTER_BYTES = 40;

/** Guests that allocate and free whenever the host looks away: at each look and each write of a budget. */
class Guests implements Budgets {
  readonly budgets = new Map<string, number>();
  readonly used = new Map<string, number>();
  readonly #random: Random;
  isRacing = true;

  constructor(random: Random) {
    this.#random = random;
  }

  readonly budgetOf = (name: string): number => this.budgets.get(name) ?? 0;

  readonly setBudget = (name: string, bytes: number): void => {
    this.#race();
    this.budgets.set(name, bytes);
    this.check();
    this.#race();
  };

  readonly use: UseOf = (name) => {
    this.#race();
    return { vramBytes: this.used.get(name) ?? 0, hostBytes: 0, contextCount: 0 };
  };

  check(): void {
    let sum = 0;
    for (const [name, budget] of this.budgets) sum += Math.max(budget, this.used.get(name) ?? 0);
    ok(sum <= ADAPTER_BYTES, `${sum} bytes are claimed of ${ADAPTER_BYTES}.`);
  }

  /** Each frees what it likes, and allocates what its budget bears. */
  #race(): void {
    if (!this.isRacing) return;
    for (const [name, budget] of this.budgets) {
      const used = this.used.get(name) ?? 0;
      this.used.set(name, this.#random.below(3) === 0 ? this.#random.below(used + 1) : Math.max(used, this.#random.below(budget + 1)));
    }
    this.check();
  }
}

for (const seed of seeds(7, 2026)) {
  test(`no more is ever claimed than there is, whatever guests do in between, seed ${seed}`, () => {
    const random = new Random(seed);
    for (let sequence = 0; sequence < 60; sequence++) {
      const guests = new Guests(random);
      let table = tableOf(ADAPTER_BYTES);
      for (let step = 0; step < 40; step++) {
        table = randomChange(table, guests, random);
        settleBudgets(table, guests);
        guests.check();
      }
      checkSettles(table, guests);
    }
  });
}

/** Once guests rest, what they are held to is what is allotted, and not more than what they shrink to. */
function checkSettles(table: PartitionTable, guests: Guests): void {
  guests.isRacing = false;
  for (let round = 0; round < 3; round++) settleBudgets(table, guests);
  const allotted = [...allotments(table, guests.use)].map(([name, allotment]) => [name, heldTo(allotment)] as const);
  deepEqual(allotted.map(([name]) => [name, guests.budgetOf(name)]), allotted);
}

function randomChange(table: PartitionTable, guests: Guests, random: Random): PartitionTable {
  const name = `p${random.below(6)}`;
  const [min, max] = [random.below(12), 12 + random.below(29)];
  try {
    switch (random.below(6)) {
      case 0:
      case 1:
        return createPartition(table, { name, vram: { min, max } }, { use: guests.use, nowMs: 1 }).table;
      case 2:
        return changePartition(table, name, { vram: { min, max }, whenInUse: 'wait' }, { use: guests.use, nowMs: 1 }).table;
      case 3: {
        const { table: next } = removePartition(table, name, { use: guests.use, force: true });
        guests.budgets.delete(name);
        guests.used.delete(name);
        return next;
      }
      default:
        return table;
    }
  } catch (error) {
    if (error instanceof Refusal) return table;
    throw error;
  }
}

test('a new partition has its budget at once where nobody uses it, and what others use it gets when they free it', () => {
  const guests = new Guests(new Random(1));
  guests.isRacing = false;
  const alone = tableOf(ADAPTER_BYTES, { name: 'a' });
  settleBudgets(alone, guests);
  deepEqual([...guests.budgets], [['a', 40]]);
  guests.used.set('a', 30);
  const both = createPartition(alone, { name: 'b' }, { use: guests.use, nowMs: 1 }).table;
  settleBudgets(both, guests);
  deepEqual([...guests.budgets], [['a', 20], ['b', 10]]);
  guests.used.set('a', 25);
  settleBudgets(both, guests);
  deepEqual([...guests.budgets], [['a', 20], ['b', 15]]);
  guests.used.set('a', 0);
  settleBudgets(both, guests);
  deepEqual([...guests.budgets], [['a', 20], ['b', 20]]);
});

test('a partition that allocated while its budget fell is held to what it should have, and others to what is left', () => {
  const guests = new Guests(new Random(1));
  guests.isRacing = false;
  guests.budgets.set('a', 20).set('b', 10);
  guests.used.set('a', 30);
  settleBudgets(tableOf(ADAPTER_BYTES, { name: 'a' }, { name: 'b' }), guests);
  deepEqual([...guests.budgets], [['a', 20], ['b', 10]]);
});

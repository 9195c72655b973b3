import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { handles } from '@gpup/wire';
import { VF_LIMITS } from './limits.ts';
import { Known, ObjectTable } from './object-table.ts';

function setUp(limits: Partial<typeof VF_LIMITS> = {}) {
  const freed: number[] = [];
  const released: number[] = [];
  const table = new ObjectTable({ ...VF_LIMITS, ...limits }, { freed: ({ handle }) => freed.push(handle), released: ({ handle }) => released.push(handle) });
  const add = (index: number, references: readonly Known[] = [], generation = 0): Known => {
    const handle = handles.makeHandle(index, generation);
    table.checkFresh(handle);
    const known = new Known<unknown>(handle, 1, {}, null);
    known.references = references;
    table.add(known);
    return known;
  };
  return { table, freed, released, add };
}

test('an object is freed with its handle when nothing uses it', () => {
  const { table, freed, released, add } = setUp();
  const known = add(1);
  equal(table.lookup(1), known);
  table.release(1);
  deepEqual({ freed, released }, { freed: [1], released: [] });
  equal(known.native, null);
  throws(() => table.lookup(1), { code: 'stale-handle' });
});

test('objects go in the order in which their last users go', () => {
  const { table, freed, released, add } = setUp();
  const texture = add(1);
  const view = add(2, [texture]);
  const first = add(3, [view]);
  add(4, [view, texture]);
  table.release(1);
  table.release(2);
  deepEqual(released, [1, 2]);
  deepEqual(freed, []);
  table.release(first.handle);
  deepEqual(freed, [3]);
  table.release(4);
  deepEqual(freed, [3, 4, 2, 1]);
  equal(table.recordCount, 0);
});

test('a slot is free again at once, and the old handle finds nobody', () => {
  const { table, add } = setUp();
  const old = add(1);
  const user = add(2, [old]);
  table.release(1);
  const successor = add(1, [], 1);
  equal(table.lookup(successor.handle), successor);
  throws(() => table.lookup(1), { code: 'stale-handle' });
  throws(() => table.release(1), { code: 'stale-handle' });
  equal(user.references[0], old);
});

test('what was never delivered leaves the handle as it was', () => {
  const { table, freed, add } = setUp();
  const pending = add(5);
  pending.state = 'pending';
  throws(() => table.lookup(5), { code: 'pending-handle' });
  throws(() => table.release(5), { code: 'pending-handle' });
  table.retract(pending);
  deepEqual(freed, [5]);
  add(5);
});

test('the whole index space can be used, from either end', () => {
  const { table, add } = setUp();
  for (const index of [1, handles.INDEX_MASK, 1023, 1024, 4096]) equal(table.lookup(add(index).handle).handle, index);
  throws(() => table.checkFresh(0), { code: 'bad-handle' });
  throws(() => table.checkFresh(handles.makeHandle(0, 7)), { code: 'bad-handle' });
  throws(() => table.checkFresh(handles.makeHandle(1024, 1)), { code: 'busy-handle' });
});

test('the counts are bounded', () => {
  const { add } = setUp({ objectCountMax: 3 });
  for (const index of [1, 2, 3]) add(index);
  throws(() => add(4), { code: 'object-count' });
  const { add: addMore, table } = setUp({ recordCountMax: 3 });
  const keeper = addMore(1);
  addMore(2, [keeper]);
  table.release(1);
  addMore(3);
  throws(() => addMore(4), { code: 'object-count' });
});

/** Against a model that counts users by looking at every object. */
for (const seed of [3, 2026, Date.now() % 1_000_000]) {
  test(`objects live exactly as long as their handle or a user, seed ${seed}`, () => {
    let state = seed || 1;
    const random = (below: number): number => {
      state = (state * 48271) % 0x7fffffff;
      return state % below;
    };
    const { table, add } = setUp();
    const generations = new Array<number>(64).fill(0);
    const held = new Map<number, Known>();
    const known: Known[] = [];
    for (let step = 0; step < 3000; step++) {
      const index = 1 + random(63);
      const holder = held.get(index);
      if (holder !== undefined) {
        table.release(holder.handle);
        held.delete(index);
      } else {
        const usable = [...held.values()];
        const references = [...new Set([0, 1, 2].slice(random(4)).map(() => usable[random(usable.length || 1)]).filter((each) => each !== undefined))];
        const created = add(index, references, generations[index] as number);
        generations[index] = ((generations[index] as number) + 1) & handles.GENERATION_MASK;
        held.set(index, created);
        known.push(created);
      }
    }
    const alive = new Set<Known>();
    const visit = (each: Known): void => {
      if (alive.has(each)) return;
      alive.add(each);
      for (const reference of each.references) visit(reference);
    };
    for (const each of held.values()) visit(each);
    deepEqual(new Set(table.all()), alive);
    ok(known.every((each) => (each.native === null) === !alive.has(each)));
  });
}

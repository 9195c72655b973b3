import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { ContextIds } from './context-ids.ts';

function idsWith({ idMax = 100, taken = [] as number[] }): ContextIds {
  return new ContextIds({ idMax, isTaken: (id) => taken.includes(id) });
}

test('numbers begin at 1, and after those that another daemon has given', () => {
  const ids = idsWith({});
  deepEqual([ids.next(), ids.next()], [1, 2]);
  ids.note(7);
  ids.note(5);
  deepEqual([ids.next(), ids.next()], [8, 9]);
});

test("those of tenants' contexts are drawn from above the others, which go on in their order", () => {
  const drawn = [51, 100, 77];
  const ids = new ContextIds({
    idMax: 100,
    isTaken: (id) => id === 100,
    draw: (min, max) => {
      deepEqual([min, max], [51, 100]);
      return drawn.shift() as number;
    },
  });
  deepEqual([ids.next(), ids.drawn(), ids.drawn(), ids.next()], [1, 51, 77, 2]);
  ids.note(77);
  deepEqual(ids.next(), 3);
});

test('after the last number they begin again, and pass over those that somebody has', () => {
  const ids = idsWith({ idMax: 10, taken: [1, 2, 5] });
  ids.note(3);
  deepEqual([ids.next(), ids.next(), ids.next()], [4, 3, 4]);
});

test('a VF that claims the last number takes none away', () => {
  const ids = idsWith({ idMax: 10, taken: [5] });
  ids.note(5);
  deepEqual(ids.next(), 1);
});

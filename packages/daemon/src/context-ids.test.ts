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

test('after the last number they begin again, and pass over those that somebody has', () => {
  const ids = idsWith({ idMax: 5, taken: [1, 2, 5] });
  ids.note(3);
  deepEqual([ids.next(), ids.next(), ids.next()], [4, 3, 4]);
});

test('a VF that claims the last number takes none away', () => {
  const ids = idsWith({ idMax: 5, taken: [5] });
  ids.note(5);
  deepEqual(ids.next(), 1);
});

import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import type { ContextView } from '@gpup/pf/actions';
import { healthy } from '../invariants/testing/healthy.ts';
import { takeoverComplaints } from './takeover.ts';

const before = healthy().contexts;
const all = before.map(({ guestPid }) => guestPid);

test('contexts that are as they were, with other figures, are none to complain about', () => {
  deepEqual(takeoverComplaints(before, before.map((context) => ({ ...context, submitCount: 99 })), all), []);
});

for (const [what, change] of [['number', { id: 9 }], ['VF', { vfPid: 9 }], ['age', { openedMs: 9 }], ['partition', { partition: 'beta' }]] as const) {
  test(`a guest with another ${what} is told of`, () => {
    const [first, ...rest] = before as [ContextView, ...ContextView[]];
    match(takeoverComplaints(before, [{ ...first, ...change }, ...rest], all).join(), /"id":1,.* is not there/);
  });
}

test('a guest that is lost is told of, but where it has ended', () => {
  equal(takeoverComplaints(before, before.slice(1), all).length, 1);
  deepEqual(takeoverComplaints(before, before.slice(1), all.slice(1)), []);
});

import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { LeaseTable, NO_LEASE } from './lease-table.ts';

test('a lease says what the host holds until it ends, and its number is free when it is closed', () => {
  const table = new LeaseTable();
  const first = table.open(7, 100);
  const second = table.open(8, 200);
  deepEqual([table.handleOf(first), table.byteLengthOf(first), table.handleOf(second), table.byteLengthOf(second)], [7, 100, 8, 200]);
  table.empty(second);
  deepEqual([table.handleOf(second), table.byteLengthOf(second)], [8, 0]);
  table.end(first);
  equal(table.handleOf(first), 0);
  equal(table.openCount, 2);
  // Ended, but its finalizer is still to come: another object gets another number.
  equal(new Set([first, second, table.open(7, 1)]).size, 3);
  table.close(first);
  equal(table.open(9, 300), first);
  deepEqual([table.handleOf(first), table.byteLengthOf(first)], [9, 300]);
  deepEqual([table.handleOf(NO_LEASE), table.byteLengthOf(NO_LEASE)], [0, 0]);
});

import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { TimeShares } from './time-shares.ts';

const held = (fields: Readonly<Record<string, number>>): ReadonlyMap<string, number> => new Map(Object.entries(fields));

test('nobody has a share until there is a time in which to have one', () => {
  const shares = new TimeShares();
  equal(shares.shareOf('a'), 0);
  shares.note(0, held({ a: 5 }));
  equal(shares.shareOf('a'), 0);
});

test('a share is what was held of the time that has passed, over the last second and no longer', () => {
  const shares = new TimeShares();
  shares.note(0, held({ a: 0, b: 0 }));
  for (let quarter = 1; quarter <= 4; quarter++) shares.note(quarter * 250_000, held({ a: quarter * 100_000, b: 50_000 }));
  deepEqual([shares.shareOf('a'), shares.shareOf('b'), shares.shareOf('c')], [0.4, 0.05, 0]);
  // From here on a holds nothing.
  for (let quarter = 5; quarter <= 8; quarter++) shares.note(quarter * 250_000, held({ a: 400_000, b: 50_000 }));
  deepEqual([shares.shareOf('a'), shares.shareOf('b')], [0, 0]);
});

test('what overlaps is divided, so that all together are never more than the whole', () => {
  const shares = new TimeShares();
  shares.note(0, held({ a: 0, b: 0 }));
  shares.note(1_000_000, held({ a: 3_000_000, b: 1_000_000 }));
  deepEqual([shares.shareOf('a'), shares.shareOf('b')], [0.75, 0.25]);
});

test('one that comes in between, or begins anew, has no share of what was before', () => {
  const shares = new TimeShares();
  shares.note(0, held({ a: 900_000 }));
  shares.note(1_000_000, held({ a: 0, b: 250_000 }));
  deepEqual([shares.shareOf('a'), shares.shareOf('b')], [0, 0.25]);
});

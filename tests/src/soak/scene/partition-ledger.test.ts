import { deepEqual, match } from 'node:assert/strict';
import { test } from 'node:test';
import { healthyPartition } from '../invariants/testing/healthy.ts';
import { PartitionLedger } from './partition-ledger.ts';

const alpha = healthyPartition('alpha');

test('a partition that is as it was made is none to complain about, whatever it uses', () => {
  const ledger = new PartitionLedger();
  ledger.note(alpha);
  deepEqual(ledger.complaints([{ ...alpha, contextCount: 3, vram: { ...alpha.vram, current: 1 }, usage: { ...alpha.usage, vramBytes: 9 } }]), []);
});

for (const [what, views, complaint] of [
  ['is gone', [], /"alpha" is gone/],
  ['was never made', [alpha, { ...alpha, name: 'beta' }], /"beta" was never made/],
  ['has another budget', [{ ...alpha, vram: { ...alpha.vram, max: 7 } }], /"alpha" is .*expected/],
  ['was made anew', [{ ...alpha, createdMs: 1 }], /"alpha" is .*expected/],
  ['has an escape too many', [{ ...alpha, escapes: ['statistics'] }], /"alpha" is .*expected/],
] as const) {
  test(`one that ${what} is complained about, but where an operation on it was cut off`, () => {
    const ledger = new PartitionLedger();
    ledger.note(alpha);
    match(ledger.complaints(views).join(), complaint);
    for (const name of ['alpha', 'beta']) ledger.doubt(name);
    deepEqual(ledger.complaints(views), []);
    ledger.settle(views);
    deepEqual(ledger.complaints(views), []);
    deepEqual(ledger.names, views.map(({ name }) => name));
  });
}

test("a partition that is somebody else's is none of ours, until it is taken back", () => {
  const ledger = new PartitionLedger();
  ledger.leaveToOthers('alpha');
  deepEqual(ledger.complaints([alpha]), []);
  ledger.settle([alpha]);
  deepEqual(ledger.complaints([]), []);
  ledger.takeBack('alpha');
  match(ledger.complaints([alpha]).join(), /never made/);
});

test('guests may find nobody where a partition was refused, is in doubt, or is an adapter; nowhere else', () => {
  const ledger = new PartitionLedger();
  ledger.note(alpha);
  deepEqual(['alpha', 'beta', 'software-1'].map((place) => ledger.mayBeMissing(place)), [false, true, true]);
  ledger.restore('beta', ledger.doubt('beta'));
  ledger.doubt('alpha');
  deepEqual(['alpha', 'beta'].map((place) => ledger.mayBeMissing(place)), [true, true]);
});

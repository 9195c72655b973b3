import { deepEqual, doesNotThrow, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { PF_LIMITS } from '../limits.ts';
import { tableOf } from '../testing/tables.ts';
import { admitContext } from './context-admission.ts';
import {
  type Circumstances,
  type PartitionTable,
  type PartitionUse,
  type UseOf,
  NOT_IN_USE,
  allotments,
  available,
  blockPartition,
  changePartition,
  claimAdapter,
  createPartition,
  partitionOf,
  releaseAdapter,
  removePartition,
  setAdapterMode,
  unblockPartition,
} from './partition-table.ts';
import { NO_DEFINITIONS, restoreTable, saveTable, startTable } from './restore.ts';
import { partitionState } from './views.ts';

const calm: Circumstances = { use: NOT_IN_USE, nowMs: 1_000 };
const having = (use: Partial<PartitionUse>): UseOf => () => ({ vramBytes: 0, hostBytes: 0, contextCount: 0, ...use });

test('creating tells of the new one and of those that have less now', () => {
  const { table, events } = createPartition(tableOf(24, { name: 'a' }, { name: 'b', size: '1/6' }), { name: 'c' }, calm);
  deepEqual(events, [{ type: 'partition-created', partition: 'c' }, { type: 'partition-changed', partition: 'a' }]);
  deepEqual(removePartition(table, 'c', { use: NOT_IN_USE, force: false }).events, [
    { type: 'partition-removed', partition: 'c' },
    { type: 'partition-changed', partition: 'a' },
  ]);
});

test('a partition goes to the first adapter unless it names another', () => {
  equal(partitionOf(tableOf(24, { name: 'a' }), 'a').definition.adapter, 'hardware-0');
  equal(partitionOf(tableOf(24, { name: 'a', adapter: 'software-0' }), 'a').definition.adapter, 'software-0');
});

test('an operation that is refused, or done, leaves the older table as it was', () => {
  const table = tableOf(24, { name: 'a', size: '1' });
  const before = structuredClone(table);
  throws(() => createPartition(table, { name: 'b', size: '1' }, calm));
  changePartition(table, 'a', { vram: { min: 1 } }, calm);
  removePartition(table, 'a', { use: NOT_IN_USE, force: false });
  deepEqual(table, before);
});

for (const [what, operation, code, field] of [
  ['a second one of a name', (table: PartitionTable) => createPartition(table, { name: 'a' }, calm), 'partition-exists', 'name'],
  ['an adapter that is not there', (table) => createPartition(table, { name: 'b', adapter: 'hardware-7' }, calm), 'unknown-adapter', 'adapter'],
  ['a bound above the adapter', (table) => createPartition(table, { name: 'b', vram: { max: 25 } }, calm), 'above-adapter', 'vram.max'],
  ['a change to a bound above the adapter', (table) => changePartition(table, 'a', { vram: { optimal: 25 } }, calm), 'above-adapter', 'vram.optimal'],
  ['to change what is not there', (table) => changePartition(table, 'x', {}, calm), 'unknown-partition', undefined],
  ['to remove what is not there', (table) => removePartition(table, 'x', { use: NOT_IN_USE, force: true }), 'unknown-partition', undefined],
  ['to unblock what is not there', (table) => unblockPartition(table, 'x', { use: NOT_IN_USE }), 'unknown-partition', undefined],
  ['to block what is not there', (table) => blockPartition(table, 'constructor', { reason: '', nowMs: 1 }), 'unknown-partition', undefined],
  ['the mode of what is not there', (table) => setAdapterMode(table, 'hardware-7', 'dda'), 'unknown-adapter', undefined],
] as readonly (readonly [string, (table: PartitionTable) => unknown, string, string | undefined])[]) {
  test(`refuses ${what}`, () => throws(() => operation(tableOf(24, { name: 'a' })), { name: 'Refusal', code, field }));
}

test('refuses a partition on a host without adapters', () => {
  throws(() => createPartition(restoreTable(NO_DEFINITIONS, []), { name: 'a' }, calm), { code: 'unknown-adapter' });
});

test('an adapter holds as many partitions as its limit says, and not one more', () => {
  const names = Array.from({ length: PF_LIMITS.partitionsPerAdapterMax }, (_, index) => ({ name: `p${index}` }));
  const table = tableOf(2 ** 34, ...names);
  throws(() => createPartition(table, { name: 'more' }, calm), { code: 'adapter-full', message: new RegExp(`${PF_LIMITS.partitionsPerAdapterMax}`) });
  doesNotThrow(() => createPartition(table, { name: 'more', adapter: 'software-0' }, calm));
});

test('64 partitions of a 64th each fill an adapter', () => {
  const table = tableOf(2 ** 34, ...Array.from({ length: 64 }, (_, index) => ({ name: `p${index}`, size: '1/64' })));
  for (const { vramBytes } of allotments(table, NOT_IN_USE).values()) equal(vramBytes, 2 ** 28);
  deepEqual(available(table, 'hardware-0', NOT_IN_USE), { vramBytes: 0, computeParts: 0 });
});

test('a partition with contexts is removed by force only', () => {
  const table = tableOf(24, { name: 'a' });
  throws(() => removePartition(table, 'a', { use: having({ contextCount: 2 }), force: false }), { code: 'partition-in-use', message: /contexts \(2\)/ });
  equal(removePartition(table, 'a', { use: having({ contextCount: 2 }), force: true }).table.partitions.length, 0);
});

for (const [change, use, code] of [
  [{ contextsMax: 2 }, { contextCount: 3 }, 'contexts-in-use'],
  [{ hostBytesMax: 2 ** 24 }, { hostBytes: 2 ** 24 + 1 }, 'host-memory-in-use'],
] as const) {
  const [limit] = Object.values(change) as [number];
  test(`refuses ${JSON.stringify(change)} while more is in use, unless it may wait`, () => {
    const table = tableOf(24, { name: 'a' });
    throws(() => changePartition(table, 'a', change, { use: having(use), nowMs: 1 }), { code, field: Object.keys(change)[0] });
    doesNotThrow(() => changePartition(table, 'a', { ...change, whenInUse: 'wait' }, { use: having(use), nowMs: 1 }));
    const [what] = Object.keys(use) as ['hostBytes'];
    doesNotThrow(() => changePartition(table, 'a', change, { use: having({ [what]: limit }), nowMs: 1 }));
  });
}

for (const [older, newer, isRefused] of [
  ['fine', 'coarse', true], ['fine', 'none', true], ['coarse', 'none', true],
  ['fine', 'fine', false], ['coarse', 'fine', false], ['none', 'coarse', false], ['none', 'fine', false],
] as const) {
  test(`a partition with guests that have ${older} timestamps ${isRefused ? 'cannot' : 'can'} be given ${newer} ones`, () => {
    const table = tableOf(24, { name: 'a', timestamps: older });
    const change = { timestamps: newer, whenInUse: 'wait' } as const;
    const changed = (contextCount: number): unknown => changePartition(table, 'a', change, { use: having({ contextCount }), nowMs: 1 });
    if (isRefused) throws(() => changed(1), { code: 'timestamps-in-use', field: 'timestamps', message: new RegExp(`contexts \\(1\\).*"${older}".*"${newer}"`) });
    else doesNotThrow(() => changed(1));
    doesNotThrow(() => changed(0));
  });
}

test('timestamps are coarse unless it is said', () => {
  equal(partitionOf(tableOf(24, { name: 'a' }), 'a').definition.timestamps, 'coarse');
});

test('a blocked partition stays so with its first reason, over a restart as well, until it is unblocked', () => {
  const blocked = blockPartition(tableOf(24, { name: 'a' }), 'a', { reason: 'first', nowMs: 5 });
  deepEqual(blocked.events, [{ type: 'partition-blocked', partition: 'a', reason: 'first' }]);
  deepEqual(blockPartition(blocked.table, 'a', { reason: 'second', nowMs: 6 }).events, []);
  const restored = restoreTable(saveTable(blocked.table), [{ id: 'hardware-0', vramBytes: 24 }]);
  deepEqual(partitionState(restored, 'a', NOT_IN_USE), { kind: 'blocked', cause: 'timeouts', reason: 'first', sinceMs: 5 });
  const { table, events } = unblockPartition(restored, 'a', { use: NOT_IN_USE });
  deepEqual(events, [{ type: 'partition-unblocked', partition: 'a' }]);
  deepEqual(partitionState(table, 'a', NOT_IN_USE), { kind: 'active' });
  deepEqual(unblockPartition(table, 'a', { use: NOT_IN_USE }), { table, events: [] });
});

test('an adapter with partitions is not given to one guest; the refusal names them', () => {
  const names = Array.from({ length: 10 }, (_, index) => ({ name: `p${index}` }));
  throws(() => setAdapterMode(tableOf(24, { name: 'a' }), 'hardware-0', 'dda'), { code: 'adapter-has-partitions', message: /\(a\)/ });
  throws(() => setAdapterMode(tableOf(24, ...names), 'hardware-0', 'dda'), { code: 'adapter-has-partitions', message: /p7 and 2 more/ });
  doesNotThrow(() => setAdapterMode(tableOf(24, { name: 'a' }), 'software-0', 'dda'));
});

test('an adapter that one guest owns takes no second guest, no partition and no other mode; each refusal names the owner', () => {
  const free = setAdapterMode(tableOf(24), 'hardware-0', 'dda');
  deepEqual(free.events, [{ type: 'adapter-changed', adapter: 'hardware-0' }]);
  throws(() => createPartition(free.table, { name: 'a' }, calm), { code: 'adapter-dda', field: 'adapter' });
  const { table } = claimAdapter(free.table, 'hardware-0', 'trainer (pid 7)');
  throws(() => claimAdapter(table, 'hardware-0', 'other'), { code: 'adapter-owned', message: /trainer \(pid 7\)/ });
  throws(() => createPartition(table, { name: 'a' }, calm), { code: 'adapter-dda', message: /trainer \(pid 7\)/ });
  throws(() => setAdapterMode(table, 'hardware-0', 'partitioned'), { code: 'adapter-owned', message: /trainer \(pid 7\)/ });
  deepEqual(available(table, 'hardware-0', NOT_IN_USE), { vramBytes: 0, computeParts: 0 });
  doesNotThrow(() => createPartition(table, { name: 'a', adapter: 'software-0' }, calm));
  const released = releaseAdapter(table, 'hardware-0').table;
  doesNotThrow(() => claimAdapter(released, 'hardware-0', 'other'));
  doesNotThrow(() => createPartition(setAdapterMode(released, 'hardware-0', 'partitioned').table, { name: 'a' }, calm));
});

test('an adapter that is shared is owned by nobody', () => {
  throws(() => claimAdapter(tableOf(24), 'hardware-0', 'a guest'), { code: 'adapter-partitioned' });
  deepEqual(releaseAdapter(tableOf(24), 'hardware-0').events, []);
  deepEqual(setAdapterMode(tableOf(24), 'hardware-0', 'partitioned').events, []);
});

test('a restart keeps modes, also those of adapters that are gone meanwhile', () => {
  const dda = setAdapterMode(tableOf(24), 'software-0', 'dda').table;
  const gone = restoreTable(saveTable(dda), [{ id: 'hardware-0', vramBytes: 24 }]);
  const back = restoreTable(saveTable(gone), [{ id: 'hardware-0', vramBytes: 24 }, { id: 'software-0', vramBytes: 24 }]);
  deepEqual(back, dda);
});

test('a partition whose adapter is gone is kept, says so, and is back with its adapter', () => {
  const table = tableOf(24, { name: 'a', adapter: 'software-0', size: '1/2' });
  const without = restoreTable(saveTable(table), [{ id: 'hardware-0', vramBytes: 24 }]);
  deepEqual(partitionState(without, 'a', NOT_IN_USE), { kind: 'blocked', cause: 'adapter', reason: 'There is no adapter "software-0"; this host has hardware-0.', sinceMs: 1 });
  deepEqual(allotments(without, NOT_IN_USE).get('a'), { vramBytes: 0, shrinkingToBytes: null, computeParts: 0 });
  throws(() => unblockPartition(without, 'a', { use: NOT_IN_USE }), { code: 'unknown-adapter' });
  throws(() => changePartition(without, 'a', { contextsMax: 1 }, calm), { code: 'unknown-adapter' });
  deepEqual(restoreTable(saveTable(without), table.adapters), table);
});

test("guests of a tenant's partition are not told what others have of its adapter; others are", () => {
  const table = tableOf(24, { name: 'a', tenant: 'acme', adapter: 'software-0', size: '1/2' }, { name: 'b', adapter: 'software-0', size: '1/2' });
  const without = restoreTable(saveTable(table), [{ id: 'hardware-0', vramBytes: 24 }]);
  throws(() => admitContext(without, 'a', NOT_IN_USE), { code: 'partition-displaced', message: 'Partition "a" has nothing of an adapter at present: the operators of the host know why.' });
  throws(() => admitContext(without, 'b', NOT_IN_USE), { code: 'partition-displaced', message: /this host has hardware-0/ });
});

test('on an adapter that has shrunk the older partitions keep their place, sizes follow it, and others wait for theirs', () => {
  const table = tableOf(24, { name: 'a', vram: { min: 10, max: 24 } }, { name: 'b', vram: { min: 10, max: 10 } }, { name: 'c', size: '1/6' });
  const shrunk = restoreTable(saveTable(table), [{ id: 'hardware-0', vramBytes: 18 }]);
  const currents = [...allotments(shrunk, NOT_IN_USE)].map(([name, { vramBytes }]) => [name, vramBytes]);
  deepEqual(currents, [['a', 15], ['b', 0], ['c', 3]]);
  equal(partitionState(shrunk, 'b', NOT_IN_USE).kind, 'blocked');
  throws(() => unblockPartition(shrunk, 'b', { use: NOT_IN_USE }), { code: 'vram-exhausted' });
  const changed = changePartition(shrunk, 'b', { vram: { max: 5 } }, calm).table;
  equal(partitionState(changed, 'b', NOT_IN_USE).kind, 'active');
  const removed = removePartition(shrunk, 'a', { use: NOT_IN_USE, force: false }).table;
  equal(partitionState(unblockPartition(removed, 'b', { use: NOT_IN_USE }).table, 'b', NOT_IN_USE).kind, 'active');
});

for (const [what, definitions, defaultPartition, adapters, names] of [
  ['nothing was ever defined', null, true, [{ id: 'hardware-0', vramBytes: 24 }], ['default']],
  ['nothing was ever defined and none is wanted', null, false, [{ id: 'hardware-0', vramBytes: 24 }], []],
  ['there is no adapter', null, true, [], []],
  ['all partitions were removed', NO_DEFINITIONS, true, [{ id: 'hardware-0', vramBytes: 24 }], []],
  ['there are others', saveTable(tableOf(24, { name: 'a' })), true, [{ id: 'hardware-0', vramBytes: 24 }], ['a']],
] as const) {
  test(`a host starts with the partitions ${JSON.stringify(names)} where ${what}`, () => {
    const { partitions } = startTable({ definitions, adapters, defaultPartition, nowMs: 1 });
    deepEqual(partitions.map(({ definition }) => definition.name), names);
  });
}

test('the default partition has the whole adapter and stands in nobody\'s way', () => {
  const table = startTable({ definitions: null, adapters: [{ id: 'hardware-0', vramBytes: 24 }], defaultPartition: true, nowMs: 1 });
  equal(allotments(table, NOT_IN_USE).get('default')?.vramBytes, 24);
  doesNotThrow(() => createPartition(table, { name: 'a', size: '1' }, calm));
});

test('a partition takes as many contexts as it may have, and not one more', () => {
  const table = tableOf(24, { name: 'a', contextsMax: 3 });
  doesNotThrow(() => admitContext(table, 'a', having({ contextCount: 2 })));
  throws(() => admitContext(table, 'a', having({ contextCount: 3 })), { code: 'too-many-contexts', message: /3 contexts.*\(3\)/ });
});

test('a partition that is blocked or has no place takes no context, and says why', () => {
  const blocked = blockPartition(tableOf(24, { name: 'a' }), 'a', { reason: 'More than 5 timeouts within 60 s.', nowMs: 5 }).table;
  throws(() => admitContext(blocked, 'a', NOT_IN_USE), { code: 'partition-blocked', message: /More than 5 timeouts/ });
  const displaced = restoreTable(saveTable(tableOf(24, { name: 'a' })), []);
  throws(() => admitContext(displaced, 'a', NOT_IN_USE), { code: 'partition-displaced', message: /no adapter "hardware-0"; this host has none/ });
});

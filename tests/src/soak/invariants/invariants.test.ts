/** Each invariant holds of a healthy host, and fails by itself where one thing of it is not so. */
import { deepEqual, match } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PartitionUsage, PartitionView } from '@gpup/pf/actions';
import type { Observation } from '../seen/observation.ts';
import { AT_REST, WHEN_EMPTY, complaintsOf } from './index.ts';
import { DAEMON_MEMORY_LIMITS, NOTHING_LEFT, VF_MEMORY_LIMITS } from './leftovers.ts';
import { healthy } from './testing/healthy.ts';
import { UsageWatch } from './usage-watch.ts';

test('a healthy host is none to complain about', () => deepEqual(complaintsOf(AT_REST, healthy()), []));

function changed<T>(list: readonly T[], index: number, change: Partial<T>): readonly T[] {
  return list.map((each, at) => (at === index ? { ...each, ...change } : each));
}

/** One partition of the two, in the one field. */
function partition(index: number, change: Partial<PartitionView>): Partial<Observation> {
  return { partitions: changed(healthy().partitions, index, change) };
}

function usage(index: number, change: Partial<PartitionUsage>): Partial<Observation> {
  return partition(index, { usage: { ...(healthy().partitions[index] as PartitionView).usage, ...change } });
}

const { processes, contexts, adapters, guests, files, pages, daemonDescriptors, memory, metrics } = healthy();
const stray = { pid: 999, parent: 1, role: 'other', isZombie: false, command: 'stray', apertureCount: 0 } as const;
const alphaPage = pages.get('alpha') as NonNullable<ReturnType<typeof pages.get>>;
const withAlphaPage = (page: Partial<typeof alphaPage>): Partial<Observation> => ({ pages: new Map([...pages, ['alpha', { ...alphaPage, ...page }]]) });
const withMemory = (pid: number, anonymousBytes: number): Partial<Observation> => ({ memory: new Map([...memory, [pid, { pssBytes: 0, anonymousBytes }]]) });

/** What is not so, and the invariant that has to tell of it: others may as well. */
const PLANTED: readonly (readonly [string, string, Partial<Observation>, RegExp])[] = [
  ['budgets', 'a partition uses more than its budget', partition(0, { vram: { min: 0, optimal: 1, max: 1, current: 3071 } }), /uses 3072 bytes of video memory, its budget is 3071/],
  ['budgets', 'a partition uses more host memory than it may', partition(0, { hostBytesMax: 100 * 2 ** 20 - 1 }), /bytes of host memory/],
  ['budgets', 'a peak is below what is in use', usage(0, { vramPeakBytes: 3071 }), /its peak is 3071/],
  ['budgets', 'a partition has less than it was promised', partition(1, { vram: { min: 5, optimal: 5, max: 5, current: 4 } }), /it was promised 5/],
  ['budgets', 'partitions have more than their adapter', partition(1, { vram: { min: 0, optimal: 0, max: 0, current: 3 * 2 ** 30 + 1 } }), /its partitions have/],
  ['budgets', 'partitions have more time than there is', partition(1, { compute: { min: 0, optimal: 0, max: 0, current: 0.76 } }), /1\.01 of its time/],
  ['budgets', 'an adapter miscounts its partitions', { adapters: changed(adapters, 0, { partitionCount: 1 }) }, /counts 1 partitions, it has 2/],
  ['budgets', 'an adapter that is given away has partitions', { adapters: changed(adapters, 0, { mode: 'dda' }) }, /in mode dda and has 2/],
  ['contexts', 'a guest that lives has no context', { contexts: contexts.slice(1) }, /contexts of guest 1 is 0/],
  ['contexts', 'a context is that of no guest that lives', { guests: guests.slice(1) }, /no guest that lives/],
  ['contexts', "a context is in another's partition", { contexts: changed(contexts, 2, { partition: 'beta' }) }, /in partition "beta", expected ""/],
  ['contexts', 'a context never becomes ready', { contexts: changed(contexts, 0, { state: 'attached' }) }, /stays attached/],
  ['contexts', 'a partition miscounts its contexts', partition(1, { contextCount: 1 }), /contexts of "beta" is 1, expected 0/],
  ['video-memory', "a context counts other than its guest's objects", { guests: changed(guests, 0, { account: { vramBytes: 1023, submitCount: 10 } }) }, /guest 1 is 1024, expected 1023/],
  ['video-memory', 'memory of nobody stands in a partition', usage(1, { vramBytes: 1, vramPeakBytes: 1 }), /"beta" is 1, expected 0/],
  ['video-memory', 'a metric is not what the API says', { metrics: new Map([...metrics, ['gpup_partition_vram_bytes alpha', 1]]) }, /metric.* is 1, expected 3072/],
  ['host-memory', 'host memory of nobody stands in a partition', usage(1, { hostBytes: 1 }), /"beta" is 1, expected 0/],
  ['host-memory', 'a context has no aperture', { contexts: changed(contexts, 2, { hostBytes: 0 }) }, /not even its rings/],
  ['host-memory', 'a metric is not what the API says', { metrics: new Map([...metrics, ['gpup_partition_host_memory_bytes alpha', 1]]) }, /metric/],
  ['submits', 'a submit is not counted', { guests: changed(guests, 0, { account: { vramBytes: 1024, submitCount: 11 } }) }, /submits of guest 1 is 10, expected 11/],
  ['submits', 'a submit never ends', { contexts: changed(contexts, 0, { completedCount: 9 }) }, /completed submits of guest 1 is 9, expected 10/],
  ['submits', 'a partition counts less than its contexts', usage(0, { submitCount: 29, completedCount: 29 }), /counts 29 submits, its contexts 30/],
  ['submits', 'more have ended than were begun', usage(1, { completedCount: 31 }), /counts 31 completed submits of 30/],
  ['submits', 'a metric is not what the API says', { metrics: new Map([...metrics, ['gpup_partition_submits_total beta', 1]]) }, /metric/],
  ['pages', 'a partition has no page', { pages: new Map([...pages].slice(1)) }, /"alpha" has no page/],
  ['pages', 'the budget on a page is not the one that is told', withAlphaPage({ budgetBytes: 1 }), /budget on the page of "alpha" is 1/],
  ['pages', 'nor is that of host memory', withAlphaPage({ hostBudgetBytes: 1 }), /host memory on the page of "alpha" is 1/],
  ['pages', 'a slot is left', withAlphaPage({ slots: [...alphaPage.slots, { vfPid: 777, vramBytes: 0, hostBytes: 0, submitCount: 0, completedCount: 0 }] }), /slots on the page of "alpha" is 3, expected 2/],
  ['pages', 'a slot is that of no VF', withAlphaPage({ slots: changed(alphaPage.slots, 0, { vfPid: 777 }) }), /process 777's, which is no VF/],
  ['pages', 'a slot says other than the API', withAlphaPage({ slots: changed(alphaPage.slots, 0, { vramBytes: 1 }) }), /context 1 on the page of "alpha" is 1/],
  ['none-blocked', 'a partition stays blocked', partition(1, { state: { kind: 'blocked', cause: 'timeouts', reason: 'Timeouts.', sinceMs: 1 } }), /"beta" is blocked: Timeouts\./],
  ['processes', 'a process is left', { processes: [...processes, stray] }, /Process 999 is left: stray/],
  ['processes', 'a guest that is none of ours any more lives', { processes: [...processes, { ...stray, role: 'guest' }] }, /Process 999 is left/],
  ['processes', 'a child is never reaped', { processes: [...processes, { ...stray, role: 'vf', isZombie: true }] }, /not taken note of the end of process 999/],
  ['processes', 'a VF is left', { processes: [...processes, { ...stray, role: 'vf' }] }, /3 VF processes have no context, expected 2 to 2/],
  ['processes', 'a pool is not filled', { processes: processes.filter(({ pid }) => pid !== 399) }, /1 VF processes have no context/],
  ['processes', 'the VF of a context does not live', { processes: processes.filter(({ pid }) => pid !== 301) }, /VF of context 1 \(process 301\) does not live/],
  ['descriptors', 'a connection is left', { daemonDescriptors: { ...daemonDescriptors, socket: 7 } }, /kind "socket" is 7, expected 6/],
  ['descriptors', "a guest's connection is left", { daemonDescriptors: { ...daemonDescriptors, guest: 7 } }, /kind "guest" is 7, expected 6/],
  ['descriptors', 'an API connection is left', { daemonDescriptors: { ...daemonDescriptors, api: 2 } }, /kind "api" is 2, expected 1/],
  ['descriptors', 'a page is left', { daemonDescriptors: { ...daemonDescriptors, page: 4 } }, /kind "page" is 4, expected 3/],
  ['descriptors', 'a process descriptor is left', { daemonDescriptors: { ...daemonDescriptors, process: 2 } }, /kind "process" is 2, expected 1/],
  ['descriptors', 'a file is left open', { daemonDescriptors: { ...daemonDescriptors, '/etc/passwd': 1 } }, /kind "\/etc\/passwd" is 1, expected 0/],
  ['apertures', 'a VF that waits maps one', { processes: changed(processes, processes.length - 1, { apertureCount: 1 }) }, /process 399 \(vf\) maps is 1, expected 0/],
  ['apertures', 'the daemon maps one', { processes: changed(processes, 0, { apertureCount: 1 }) }, /process 100 \(daemon\)/],
  ['apertures', 'a VF maps two', { processes: changed(processes, 1, { apertureCount: 2 }) }, /process 301 \(vf\) maps is 2, expected 1/],
  ['apertures', 'a guest over a byte stream has one', { guests: changed(guests, 0, { transport: 'stream' }) }, /maps is 1, expected 0/],
  ['files', 'a socket is left', { files: [...files, 'run/partitions/gone.sock'] }, /run\/partitions\/gone\.sock is left/],
  ['files', 'a record is left', { files: [...files, 'run/partitions/gone.page'] }, /gone\.page is left/],
  ['files', "a VF's socket is left", { files: [...files, 'run/vfs/f.sock'] }, /sockets of VFs is 6, expected 5/],
  ['files', "a VF's log is left", { files: [...files, 'run/vfs/f.log'] }, /logs of VFs is 6, expected 5/],
  ['files', 'something else is left among them', { files: [...files, 'run/vfs/core'] }, /files of VFs is 11, expected 10/],
  ['files', 'a socket is missing', { files: files.filter((path) => path !== 'run/partitions/beta.sock') }, /beta\.sock is missing/],
  ['vf-memory', 'a VF keeps what was freed', withMemory(301, VF_MEMORY_LIMITS.baseBytesMax + VF_MEMORY_LIMITS.factorMax * 1024 + 1), /VF of context 1/],
  ['daemon-memory', 'the daemon grows', withMemory(100, DAEMON_MEMORY_LIMITS.anonymousBytesMax + 1), /The daemon has/],
];

describe('planted in what is seen', () => {
  for (const [invariant, what, change, message] of PLANTED) {
    test(`${invariant}: ${what}`, () => {
      const complaints = complaintsOf(AT_REST, { ...healthy(), ...change }).filter((each) => each.invariant === invariant);
      match(complaints.map((each) => each.message).join('\n'), message);
    });
  }

  test('each invariant has one', () => {
    deepEqual(AT_REST.filter(({ name }) => !PLANTED.some(([planted]) => planted === name)).map(({ name }) => name), []);
  });
});

test('a partition that waits for its guests to free memory is held to what it falls to, and shows what it has', () => {
  const seen = { ...healthy(), ...partition(0, { vram: { min: 0, optimal: 5, max: 5, current: 3072 }, state: { kind: 'shrinking', toBytes: 5 } }), ...withAlphaPage({ budgetBytes: 5 }) };
  deepEqual(complaintsOf(AT_REST, seen), []);
});

test('nothing is left: both sides', () => {
  const empty: Partial<Observation> = { partitions: [], contexts: [], pages: new Map(), adapters: adapters.map((each) => ({ ...each, mode: 'partitioned', vram: { totalBytes: 5, availableBytes: 5 }, compute: { total: 1, available: 1 } })) };
  deepEqual(complaintsOf([NOTHING_LEFT], { ...healthy(), ...empty }), []);
  const messages = complaintsOf([NOTHING_LEFT], healthy()).map(({ message }) => message).join('\n');
  for (const message of [/partitions is 2/, /contexts is 3/, /pages is 3/, /video memory of software-0/, /time of software-1/]) match(messages, message);
  deepEqual(WHEN_EMPTY.includes(NOTHING_LEFT), true);
});

describe('counts that rise', () => {
  const { host, partitions } = healthy();
  const next = { ...host, pid: 101 };
  const fallen = changed(partitions, 0, { usage: { ...(partitions[0] as PartitionView).usage, submitCount: 29 } });

  test('may stay, and rise', () => {
    const watch = new UsageWatch();
    deepEqual(watch.look({ host, partitions, contexts }), []);
    deepEqual(watch.look({ host, partitions, contexts }), []);
    const risen = changed(partitions, 0, { usage: { ...(partitions[0] as PartitionView).usage, submitCount: 31 } });
    deepEqual(watch.look({ host: next, partitions: risen, contexts }), []);
  });

  for (const [what, after] of [['under the same daemon', { host, partitions: fallen, contexts: [] }], ['under the next one, with a guest that has gone on', { host: next, partitions: fallen, contexts }]] as const) {
    test(`must not fall ${what}`, () => {
      const watch = new UsageWatch();
      watch.look({ host, partitions, contexts });
      deepEqual(watch.look(after), ['submitCount of "alpha" has fallen from 30 to 29.']);
    });
  }

  test('nor may a bucket of a histogram', () => {
    const watch = new UsageWatch();
    watch.look({ host, partitions, contexts });
    const moved = changed(partitions, 0, { usage: { ...(partitions[0] as PartitionView).usage, queueWaitUs: [2, 1] } });
    deepEqual(watch.look({ host, partitions: moved, contexts }), ['queueWaitUs[1] of "alpha" has fallen from 2 to 1.']);
  });

  for (const [what, after] of [
    ['under the next daemon without a guest that has gone on', { host: next, partitions: fallen, contexts: [] }],
    ['of a partition that was made anew', { host, partitions: changed(fallen, 0, { createdMs: 6 }), contexts }],
  ] as const) {
    test(`begin anew ${what}`, () => {
      const watch = new UsageWatch();
      watch.look({ host, partitions, contexts });
      deepEqual(watch.look(after), []);
    });
  }
});

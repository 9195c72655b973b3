import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { adapterView, partitionView } from '../testing/top-figures.ts';
import { ratesBetween } from './rates.ts';
import type { Sample } from './sample.ts';

function sample(monotonicMs: number, partitions: Sample['partitions'], adapters: Sample['adapters'] = [adapterView('software-0')]): Sample {
  return { timeMs: 5000 + monotonicMs, monotonicMs, partitions, adapters };
}

const best = { policy: 'best-effort', sliceMs: 10 } as const;
const scheduled = (heldUs: number, share = 0.25) => ({ scheduling: { promisedShare: null, share, heldUs, owedUs: 0, turnCount: 1, latencyClass: 'interactive' } as const });

test('rates are what has grown, by the time between', () => {
  const before = sample(1000, [partitionView('a', { usage: { submitCount: 7, submitLatencyUs: [5, 0, 0, 1, 0], queueWaitUs: [6, 0, 0, 0] } })]);
  const after = sample(3000, [
    partitionView('a', { contextCount: 3, ...scheduled(0), usage: { submitCount: 27, submitLatencyUs: [5, 0, 0, 3, 0], queueWaitUs: [8, 0, 0, 0], vramBytes: 48, faultCount: 2, tdrCount: 1 } }),
  ]);
  deepEqual(ratesBetween(before, after), {
    timeMs: 8000,
    intervalMs: 2000,
    adapters: [{ id: 'software-0', name: 'SwiftShader Device', mode: 'partitioned', owner: null, scheduling: best, partitionCount: 1, share: 0.25, vramBytes: 48, vramTotalBytes: 2 ** 34 }],
    partitions: [
      {
        name: 'a', adapter: 'software-0', state: 'active', latencyClass: 'interactive', contextCount: 3, contextsMax: 16, promisedShare: null, share: 0.25, vramBytes: 48, vramBudgetBytes: 64,
        submitsPerSecond: 10, latencyUs: { p50: 2 ** 2.5, p99: 2 ** 2.99 }, queueWaitUs: { p50: 0.5, p99: 0.99 }, faultCount: 2, tdrCount: 1,
      },
    ],
  });
});

/** What the host says of the last second is 0.25. */
for (const [what, ms, heldBefore, heldAfter, expected] of [
  ['in a short interval the host says', 2000, 0, 900_000, 0.25],
  ['in a longer one it is what was held in it', 2001, 0, 1_000_500, 0.5],
  ['in a long one too', 60_000, 1_000_000, 7_000_000, 0.1],
  ['where it has gone back the host says', 60_000, 7_000_000, 1_000_000, 0.25],
] as const) {
  test(`the share: ${what}`, () => {
    const rates = ratesBetween(sample(0, [partitionView('a', scheduled(heldBefore))]), sample(ms, [partitionView('a', scheduled(heldAfter))]));
    deepEqual([rates.partitions[0]?.share, rates.adapters[0]?.share], [expected, expected]);
  });
}

test('what is held at the same time is divided, on each adapter by itself', () => {
  const adapters = [adapterView('software-0'), adapterView('software-1')];
  const views = (factor: number) => [partitionView('a', scheduled(9e6 * factor)), partitionView('b', scheduled(18e6 * factor)), partitionView('c', { adapter: 'software-1', ...scheduled(3e6 * factor) })];
  const rates = ratesBetween(sample(0, views(0), adapters), sample(10_000, views(1), adapters));
  deepEqual(rates.partitions.map(({ share }) => share), [1 / 3, 2 / 3, 0.3]);
  deepEqual(rates.adapters.map(({ share }) => share), [1, 0.3]);
});

test('where nothing completed there is no latency, and a rate of 0', () => {
  const partitions = [partitionView('a', { usage: { submitCount: 7, submitLatencyUs: [5] } })];
  const { partitions: [a] } = ratesBetween(sample(0, partitions), sample(1000, partitions));
  deepEqual([a?.submitsPerSecond, a?.latencyUs, a?.queueWaitUs], [0, null, null]);
});

for (const [what, before] of [
  ['that was not there', []],
  ['that was made anew under its name', [partitionView('a', { createdMs: 2 })]],
  ['whose submits have gone back', [partitionView('a', { usage: { submitCount: 1 } })]],
  ['whose latencies have gone back', [partitionView('a', { usage: { submitLatencyUs: [0, 0, 1] } })]],
  ['whose waits have gone back', [partitionView('a', { usage: { queueWaitUs: [1, 0, 0] } })]],
] as const) {
  test(`nothing is said of the rates of a partition ${what}; what it has is`, () => {
    const { partitions: [a] } = ratesBetween(sample(0, before), sample(9000, [partitionView('a', { usage: { vramBytes: 5 } })]));
    deepEqual([a?.submitsPerSecond, a?.latencyUs, a?.queueWaitUs, a?.vramBytes], [null, null, null, 5]);
  });
}

test('a partition that is gone is not shown, and one that is new has the share that the host says', () => {
  const rates = ratesBetween(sample(0, [partitionView('a'), partitionView('b')]), sample(9000, [partitionView('b'), partitionView('c', scheduled(9e6, 0.125))]));
  deepEqual(rates.partitions.map(({ name, share }) => [name, share]), [['b', 0], ['c', 0.125]]);
});

test('adapters without partitions do nothing', () => equal(ratesBetween(sample(0, []), sample(1000, [])).adapters[0]?.share, 0));

test('between two samples of one moment there is no rate', () => {
  const partitions = [partitionView('a')];
  deepEqual(ratesBetween(sample(7, partitions), sample(7, partitions)).partitions.map(({ share, submitsPerSecond }) => [share, submitsPerSecond]), [[0.25, null]]);
});

test('who may not see adapters sees partitions', () => {
  const rates = ratesBetween(sample(0, [partitionView('a')], []), sample(1000, [partitionView('a')], []));
  deepEqual([rates.adapters, rates.partitions.length], [[], 1]);
});

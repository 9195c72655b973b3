import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { adapterView, partitionView } from '../testing/top-figures.ts';
import { ratesBetween } from './rates.ts';
import type { Sample } from './sample.ts';

function sample(monotonicMs: number, partitions: Sample['partitions'], adapters: Sample['adapters'] = [adapterView('software-0')]): Sample {
  return { timeMs: 5000 + monotonicMs, monotonicMs, partitions, adapters };
}

test('rates are what has grown, by the time between', () => {
  const before = sample(1000, [partitionView('a', { usage: { gpuTimeUs: 100, submitCount: 7, submitLatencyUs: [5, 0, 0, 1, 0], queueWaitUs: [6, 0, 0, 0] } })]);
  const after = sample(3000, [
    partitionView('a', { contextCount: 3, usage: { gpuTimeUs: 500_100, submitCount: 27, submitLatencyUs: [5, 0, 0, 3, 0], queueWaitUs: [8, 0, 0, 0], vramBytes: 48, faultCount: 2, tdrCount: 1 } }),
  ]);
  deepEqual(ratesBetween(before, after), {
    timeMs: 8000,
    intervalMs: 2000,
    adapters: [{ id: 'software-0', name: 'SwiftShader Device', mode: 'partitioned', owner: null, partitionCount: 1, share: 0.25, vramBytes: 48, vramTotalBytes: 2 ** 34 }],
    partitions: [
      {
        name: 'a', adapter: 'software-0', state: 'active', contextCount: 3, contextsMax: 16, promisedShare: 0.5, share: 0.25, vramBytes: 48, vramBudgetBytes: 64, submitsPerSecond: 10,
        latencyUs: { p50: 2 ** 2.5, p99: 2 ** 2.99 }, queueWaitUs: { p50: 0.5, p99: 0.99 }, faultCount: 2, tdrCount: 1,
      },
    ],
  });
});

test('where nothing completed there is no latency, and a rate of 0', () => {
  const partitions = [partitionView('a', { usage: { submitCount: 7, submitLatencyUs: [5] } })];
  const { partitions: [a], adapters: [adapter] } = ratesBetween(sample(0, partitions), sample(1000, partitions));
  deepEqual([a?.submitsPerSecond, a?.share, a?.latencyUs, a?.queueWaitUs, adapter?.share], [0, 0, null, null, 0]);
});

for (const [what, before] of [
  ['that was not there', []],
  ['that was made anew under its name', [partitionView('a', { createdMs: 2 })]],
  ['whose submits have gone back', [partitionView('a', { usage: { submitCount: 1 } })]],
  ['whose time has gone back', [partitionView('a', { usage: { gpuTimeUs: 1 } })]],
  ['whose latencies have gone back', [partitionView('a', { usage: { submitLatencyUs: [0, 0, 1] } })]],
  ['whose waits have gone back', [partitionView('a', { usage: { queueWaitUs: [1, 0, 0] } })]],
] as const) {
  test(`nothing is said of the rates of a partition ${what}; what it has is`, () => {
    const { partitions: [a], adapters: [adapter] } = ratesBetween(sample(0, before), sample(1000, [partitionView('a', { usage: { vramBytes: 5 } })]));
    deepEqual([a?.submitsPerSecond, a?.share, a?.latencyUs, a?.queueWaitUs, a?.vramBytes, adapter?.share], [null, null, null, null, 5, null]);
  });
}

test('a partition that is gone is not shown, and each adapter has its own', () => {
  const adapters = [adapterView('software-0'), adapterView('software-1')];
  const grown = (us: number) => ({ usage: { gpuTimeUs: us } });
  const before = sample(0, [partitionView('a'), partitionView('b', { adapter: 'software-1' }), partitionView('c')], adapters);
  const after = sample(1000, [partitionView('b', { adapter: 'software-1', ...grown(250_000) }), partitionView('c', grown(500_000)), partitionView('d', grown(900_000))], adapters);
  const rates = ratesBetween(before, after);
  deepEqual(rates.partitions.map(({ name, share }) => [name, share]), [['b', 0.25], ['c', 0.5], ['d', null]]);
  deepEqual(rates.adapters.map(({ share }) => share), [0.5, 0.25]);
});

test('adapters without partitions do nothing', () => equal(ratesBetween(sample(0, []), sample(1000, [])).adapters[0]?.share, 0));

test('between two samples of one moment there is no rate', () => {
  const partitions = [partitionView('a')];
  deepEqual(ratesBetween(sample(7, partitions), sample(7, partitions)).partitions.map(({ share, submitsPerSecond }) => [share, submitsPerSecond]), [[null, null]]);
});

test('who may not see adapters sees partitions', () => {
  const rates = ratesBetween(sample(0, [partitionView('a')], []), sample(1000, [partitionView('a')], []));
  deepEqual([rates.adapters, rates.partitions.length], [[], 1]);
});

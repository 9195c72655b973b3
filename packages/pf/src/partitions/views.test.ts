import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { PartitionScheduling, PartitionUsage } from '../actions.ts';
import { PF_LIMITS } from '../limits.ts';
import { tableOf, using } from '../testing/tables.ts';
import { allotments, claimAdapter, setAdapterMode } from './partition-table.ts';
import { adapterFigures, partitionView } from './views.ts';

const usage: PartitionUsage = {
  vramBytes: 5, vramPeakBytes: 6, hostBytes: 7, gpuTimeUs: 8, submitCount: 9, completedCount: 9, faultCount: 0, tdrCount: 0, queueWaitUs: [1], submitLatencyUs: [1],
};

const scheduling: PartitionScheduling = { promisedShare: 1 / 3, share: 0.25, heldUs: 10, owedUs: 0, turnCount: 2, latencyClass: 'throughput' };

test('a view tells what was asked for and what it comes to', () => {
  const table = tableOf(24, { name: 'a', size: '1/3', vram: { max: 12 }, compute: { min: 0.25 } }, { name: 'b' });
  const use = using({ a: 5 });
  deepEqual(partitionView(table, 'a', { socketPath: '/run/gpup/partitions/a.sock', contextCount: 2, usage, scheduling }, allotments(table, use)), {
    name: 'a',
    tenant: null,
    adapter: 'hardware-0',
    size: '1/3',
    state: { kind: 'active' },
    vram: { min: 8, optimal: 8, max: 12, current: 8 },
    compute: { min: 0.25, optimal: 1 / 3, max: 1 / 3, current: 1 / 3 },
    contextsMax: PF_LIMITS.contextsPartitionDefault,
    contextCount: 2,
    hostBytesMax: PF_LIMITS.hostBytesDefault,
    baseline: {},
    escapes: [],
    latencyClass: 'throughput',
    scheduling,
    timestamps: 'coarse',
    socketPath: '/run/gpup/partitions/a.sock',
    createdMs: 1,
    usage,
  });
});

test('the figures of an adapter follow its partitions and its owner', () => {
  const table = tableOf(24, { name: 'a', size: '1/6' });
  const figures = { id: 'hardware-0', mode: 'partitioned', owner: null, partitionCountMax: PF_LIMITS.partitionsPerAdapterMax };
  deepEqual(adapterFigures(table, 'hardware-0', using({ a: 3 })), {
    ...figures, vram: { totalBytes: 24, availableBytes: 20 }, compute: { total: 1, available: 5 / 6 }, partitionCount: 1,
  });
  const owned = claimAdapter(setAdapterMode(tableOf(24), 'hardware-0', 'dda').table, 'hardware-0', 'trainer').table;
  deepEqual(adapterFigures(owned, 'hardware-0', using({})), {
    ...figures, mode: 'dda', owner: 'trainer', vram: { totalBytes: 24, availableBytes: 0 }, compute: { total: 1, available: 0 }, partitionCount: 0,
  });
});

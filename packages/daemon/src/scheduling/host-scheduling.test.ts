import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Context } from '@gpup/pf/core';
import { type PartitionTable, NOT_IN_USE, NO_DEFINITIONS, createPartition, restoreTable, saveTable } from '@gpup/pf/partitions';
import type { Turn } from '@gpup/vidsch';
import { HostScheduling } from './host-scheduling.ts';

const NOBODY = { use: NOT_IN_USE, nowMs: 1 };

function tableOn(id: string, ...names: readonly string[]): PartitionTable {
  const empty = restoreTable(NO_DEFINITIONS, [{ id, vramBytes: 1 << 20 }]);
  return names.reduce((table, name) => createPartition(table, { name, adapter: id }, NOBODY).table, empty);
}

/** Under equal-share. */
function schedulingOf(table: PartitionTable): HostScheduling {
  return new HostScheduling({
    table,
    standard: { policy: 'equal-share', sliceMs: 10 },
    gpuTimeUs: () => 0,
    contextsOf: () => [],
    slotOf: () => undefined,
    warn: () => {},
  });
}

/** A context that writes down what its VF is told. */
function contextOf(id: number, partition: string, adapter: string, told: string[]): Context {
  const vf = { takesTurns: true, grantTurn: ({ untilUs }: Turn) => told.push(`${id}: ${untilUs === 0 ? 'closed' : 'open'}`), freeTurn: () => told.push(`${id}: free`) };
  return { id, vf, state: 'ready', latencyClass: 'throughput', description: { contextId: id, partition, adapter, guestPid: 1, openedMs: 0 } } as unknown as Context;
}

test('two partitions that run have turns, and the one that stays has none', () => {
  const told: string[] = [];
  const scheduling = schedulingOf(tableOn('hardware-0', 'a', 'b'));
  const [a, b] = [contextOf(1, 'a', 'hardware-0', told), contextOf(2, 'b', 'hardware-0', told)];
  for (const context of [a, b]) scheduling.begins(context);
  scheduling.ended(b);
  scheduling.ended(b);
  deepEqual(told, ['1: closed', '2: closed', '1: free']);
  scheduling.stop();
});

test('guests of a partition whose adapter is not there since a restart come, change and go', () => {
  const definitions = saveTable(tableOn('hardware-0', 'a'));
  const told: string[] = [];
  const scheduling = schedulingOf(restoreTable(definitions, [{ id: 'software-0', vramBytes: 1 << 20 }]));
  const context = contextOf(1, 'a', 'hardware-0', told);
  scheduling.begins(context);
  scheduling.latencyClassChanged(context);
  scheduling.turn(context, { type: 'turn-wanted', serial: 1 });
  scheduling.ended(context);
  deepEqual([told, scheduling.look(() => 0)], [[], []]);
  scheduling.stop();
});

import { deepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { manyPartitions } from './many-partitions.ts';

/** What V8 takes in its stride, and gives back when it likes. */
const SLACK_MIB = 32;

test('partitions that live at once keep their guests\' secrets, and leave nothing when they are removed', async () => {
  const { failures, rounds, alive, before, after } = await manyPartitions({ partitionCount: 6, seconds: 3 });
  deepEqual(failures, []);
  ok(rounds.fewest >= 2, `a guest has compared its secret only ${rounds.fewest} times`);
  // And perhaps one that waits for a guest.
  ok(alive.processes >= 6, `the host has ${alive.processes} processes`);
  deepEqual({ ...after, daemonPssMiB: 0 }, { ...before, daemonPssMiB: 0 });
  ok(after.daemonPssMiB <= before.daemonPssMiB + SLACK_MIB, `the daemon has ${after.daemonPssMiB} MiB, after ${before.daemonPssMiB}`);
});

import { rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { runFleet } from './fleet.ts';

test('a thread that cannot start has found nothing, and says why', async () => {
  // No folder of traces.
  const corpus = process.execPath;
  const options = { seed: 1, jobs: 1, seconds: 1, inputCountMax: 1, targets: [], stopsAtFinding: true, progress: () => {}, corpus };
  await rejects(runFleet(options), /could not start: .*ENOTDIR/);
});

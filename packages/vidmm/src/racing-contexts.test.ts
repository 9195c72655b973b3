/** Contexts are processes of their own: here threads, which race on the same memory in the same way. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { testPage } from './testing/pages.ts';
import type { RaceReport } from './testing/racing-context.ts';

const program = new URL('./testing/racing-context.js', import.meta.url);
const SEEDS = [7, 2026];
const OPERATION_COUNT = 300_000;

// So little that nearly each grant depends on the other context, and more than both ever want.
for (const budgetBytes of [100, 100_000]) {
  test(`two contexts that race are never granted more than the budget of ${budgetBytes} bytes`, { timeout: 120_000 }, async () => {
    const { buffer, page, open } = testPage({ budgetBytes });
    const grantedBytes = new Int32Array(new SharedArrayBuffer(4));
    const startedCount = new Int32Array(new SharedArrayBuffer(4));
    const shared = { buffer, operationCount: OPERATION_COUNT, grantedBytes, startedCount, contextCount: SEEDS.length };
    const workers = SEEDS.map((seed) => new Worker(program, { workerData: { ...shared, slotIndex: open().slotIndex, seed } }));
    const reports = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0] as RaceReport));
    for (const { grantCount, mostBytes } of reports) {
      ok(grantCount > 0);
      ok(mostBytes <= budgetBytes, `${mostBytes} bytes were granted at once`);
    }
    if (budgetBytes > 1000) deepEqual(reports.map(({ refusalCount }) => refusalCount), [0, 0]);
    equal(page.usedBytes(), 0);
    ok(page.usage().vramPeakBytes <= budgetBytes);
  });
}

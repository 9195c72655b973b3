import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Run } from './run.ts';
import { makeTargets } from './targets.ts';

/** Some seconds each; counted in inputs, so that a seed means the same on every machine. */
const INPUT_COUNT = 12_000;
const FRESH_SEED = Date.now() % 1_000_000_007;

async function runOf(seed: number, inputCountMax: number) {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const set = await makeTargets();
  const run = new Run(set, { seed, job: 0, jobCount: 1, seconds: Number.MAX_SAFE_INTEGER, inputCountMax, targets: [], stopsAtFinding: false });
  const { findings } = await run.go();
  Error.stackTraceLimit = stackTraceLimit;
  return { findings, table: set.table, tally: set.tally };
}

for (const seed of [1, 2, FRESH_SEED]) {
  // A seed is the whole reproduction: `npm run fuzz -- --seed SEED --inputs 12000`.
  test(`no entry of a guest's leads to anything but an answer or a fault that the model expects, seed ${seed}`, async () => {
    const { findings, table } = await runOf(seed, INPUT_COUNT);
    deepEqual(findings, []);
    deepEqual(Object.fromEntries(table.unexpected), {});
  });
}

test('the same seed gives the same inputs', async () => {
  const [one, other] = [await runOf(3, 3000), await runOf(3, 3000)];
  deepEqual(one.table.toJSON(), other.table.toJSON());
  deepEqual(one.tally.toJSON(), other.tally.toJSON());
});

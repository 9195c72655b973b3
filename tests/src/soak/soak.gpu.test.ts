import { deepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { seeds } from '@gpup/base/testing';
import { soak } from './soak.ts';

const MINUTES = 0.4;
/** A rest in the middle, and one at the end. */
const ACT_STEPS = 12;
/** A hang takes so much of that time. */
const TDR_DELAYS = { delayMs: 4_000, ddiDelayMs: 8_000 };

const seed = Number(process.env['GPUP_TEST_SEED'] ?? seeds()[0]);
test(`a host to which all is done that there is stays as it must be, seed ${seed}`, async (t) => {
  const { violations, lastStep, counts, stepCount } = await soak({ seed, minutes: MINUTES, actSteps: ACT_STEPS, tdr: TDR_DELAYS, onProgress: () => {} });
  t.diagnostic(`${stepCount} steps: ${JSON.stringify(counts)}`);
  deepEqual(violations, [], lastStep);
  ok((counts['checks']?.['at rest, with nobody left'] ?? 0) > 0);
});

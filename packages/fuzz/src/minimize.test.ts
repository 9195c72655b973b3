import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from './finding.ts';
import { minimize } from './minimize.ts';
import type { Case, Target } from './target.ts';

const FINDING: Finding = { kind: 'bug', row: 'any', message: 'seven follows three' };

/** Fails on any case in which a step with a 7 follows one with a 3. */
const target: Target = {
  name: 'any',
  attempt: () => Promise.reject(new Error('not called')),
  replay: async ({ steps }: Case) => {
    const three = steps.findIndex((step) => step.split(' ').includes('3'));
    return three >= 0 && steps.slice(three + 1).some((step) => step.split(' ').includes('7')) ? FINDING : null;
  },
};

test('a case is cut down to the steps and words that its finding needs', async () => {
  const steps = ['1 2', '4 3 5', '6', '8 8 8', '9 7 9', '3'];
  const { steps: fewer } = await minimize(target, { options: null, steps }, FINDING, Number.POSITIVE_INFINITY);
  deepEqual(fewer, ['3', '7']);
});

test('a case whose finding does not come again stays as it is', async () => {
  const kept = { options: null, steps: ['7', '3'] };
  deepEqual(await minimize(target, kept, FINDING, Number.POSITIVE_INFINITY), kept);
});

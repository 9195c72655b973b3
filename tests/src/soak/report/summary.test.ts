import { match } from 'node:assert/strict';
import { test } from 'node:test';
import { type Summary, markdownOf } from './summary.ts';

const CLEAN: Summary = {
  seed: 7, isClean: true, minutes: 2.5, stepCount: 90, lastStep: '89 storm {}', violations: [], keptDirectory: null,
  counts: { guests: { started: 12, 'ended: done': 11 } },
  memory: [{ minute: 1.2, daemonPid: 5, when: 'with guests', daemonMiB: 40.1, vfMiBMax: 33, vfCount: 3, vramMiB: 9 }],
};

test('a clean soak says so, with what it has done and the memory at each rest', () => {
  const text = markdownOf(CLEAN);
  match(text, /^Seed 7: 90 steps in 2\.5 minutes, nothing found\.$/m);
  match(text, /^\| guests \| started 12, ended: done 11 \|$/m);
  match(text, /^\| 1\.2 \| with guests \| 40\.1 \(5\) \| 3 \| 33 \| 9 \|$/m);
});

test('one that is not names each thing with its step', () => {
  const text = markdownOf({ ...CLEAN, isClean: false, violations: [{ invariant: 'budgets', message: 'Too much.', stepIndex: 41, atMs: 1 }] });
  match(text, /1 violations/);
  match(text, /^- step 41, budgets: Too much\.$/m);
});

import { deepEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { VF_NODE_OPTIONS_VARIABLE } from '@gpup/pf/core';
import { type MeasureState, VF_MEASURES, inForce, missing } from '@gpup/sandbox/measures';
import { isolate } from './isolation.ts';

const ALL: readonly MeasureState[] = VF_MEASURES.map((measure) => inForce(measure, 'here'));
const NO_FILES: readonly MeasureState[] = ALL.map((state) => (state.measure === 'files' ? missing('files', 'no Landlock') : state));

test('what is missing is named where all is required, and only told otherwise', (t) => {
  throws(() => isolate({ isolation: 'require' }, NO_FILES), { name: 'Refusal', code: 'not-isolated', message: /missing: files \(no Landlock\)/ });
  const { view, tree } = isolate({ isolation: 'prefer' }, NO_FILES);
  t.after(() => tree?.close());
  deepEqual([view.mode, view.measures.find(({ measure }) => measure === 'files')], ['prefer', missing('files', 'no Landlock')]);
  deepEqual(view.measures.slice(-3).map(({ measure }) => measure), ['memory-limit', 'processor-limit', 'process-limit']);
});

test('whoever looks into VF processes has them without isolation', (t) => {
  process.env[VF_NODE_OPTIONS_VARIABLE] = '--no-warnings';
  t.after(() => delete process.env[VF_NODE_OPTIONS_VARIABLE]);
  throws(() => isolate({ isolation: 'require' }, ALL), /missing: no-new-privileges \(GPUP_VF_NODE_OPTIONS is set\)/);
});

test('what is switched off is not looked for', () => {
  const { view, tree } = isolate({ isolation: 'off' }, ALL);
  deepEqual([view, tree], [{ mode: 'off', measures: [] }, null]);
});

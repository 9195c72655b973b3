import { deepEqual, match, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { chooseExecutor, decodeExecutorChoice } from './index.ts';

// Dawn is not loaded in this process: there is nothing that could be called directly.

test('commands go by the binding where its image is not known, and it is said why', () => {
  deepEqual(chooseExecutor({}, 'binding'), { executor: { kind: 'binding', reason: 'chosen by the operator' }, compact: null });
  const { kind, reason } = chooseExecutor({}, 'auto').executor;
  deepEqual(kind, 'binding');
  match(reason, /dawn\.node is not loaded|not known for/);
});

test('an operator who insists on direct calls is told why there are none', () => {
  throws(() => chooseExecutor({}, 'direct'), /^Error: Dawn cannot be called directly: /);
});

test('the choice is one of three, auto where none is made', () => {
  deepEqual([undefined, '', 'auto', 'direct', 'binding'].map(decodeExecutorChoice), ['auto', 'auto', 'auto', 'direct', 'binding']);
  throws(() => decodeExecutorChoice('fast'), /GPUP_EXECUTOR \(fast\) is none of auto, direct, binding/);
});

import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { parseArguments } from './arguments.ts';

test('a run without arguments takes a minute and a seed from the time', () => {
  const { seconds, seed, backend, targets } = parseArguments([], 42);
  deepEqual({ seconds, seed, backend, targets }, { seconds: 60, seed: 42, backend: 'null', targets: [] });
});

test('a run that is limited by inputs is not limited by time', () => {
  equal(parseArguments(['--inputs', '1000'], 0).seconds, Number.MAX_SAFE_INTEGER);
});

test('a number to be replayed is a seed', () => {
  const { replay, seed } = parseArguments(['--replay', '77'], 0);
  deepEqual({ replay, seed }, { replay: null, seed: 77 });
});

test('names of defects follow the option', () => {
  deepEqual(parseArguments(['--defects', 'heap-bounds'], 0).defects, ['heap-bounds']);
  equal(parseArguments([], 0).defects, null);
});

for (const [argv, message] of [
  [['--seconds', 'soon'], /--seconds \(soon\) is not a whole number/],
  [['--seed', '-1'], /--seed/],
  [['--backend', 'metal'], /backend \(metal\)/],
  [['--target', 'rings'], /target \(rings\) is none of packets/],
  [['--target', 'ring', '--backend', 'dawn'], /none of dawn, host/],
  [['more'], /argument \(more\) is not known/],
] as const) {
  test(`a clear error for ${argv.join(' ')}`, () => {
    throws(() => parseArguments([...argv], 0), { message });
  });
}

import { deepEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { SOAK_LIMITS } from './limits.ts';
import { commandLineOf } from './options.ts';

test('what is not given is five minutes of a new seed', () => {
  deepEqual(commandLineOf([], 1_234_567), { minutes: 5, seed: 234_567, jsonPath: null, markdownPath: null, isVerbose: false });
});

test('all of it', () => {
  const args = ['--minutes', '0.5', '--seed', '7', '--json', 'a', '--markdown', 'b', '--verbose'];
  deepEqual(commandLineOf(args, 0), { minutes: 0.5, seed: 7, jsonPath: 'a', markdownPath: 'b', isVerbose: true });
});

for (const [name, least, most] of [['minutes', 0, SOAK_LIMITS.minutesMax], ['seed', 0, 2 ** 32 - 1]] as const) {
  for (const value of [least, most]) test(`--${name} ${value} is taken`, () => deepEqual(commandLineOf([`--${name}`, String(value)], 0)[name], value));
  for (const value of [least - 1, most + 1, 'x', '', 'NaN']) test(`--${name} "${value}" is refused with the limits`, () => throws(() => commandLineOf([`--${name}=${value}`], 0), new RegExp(`from ${least} to ${most}`)));
}
test('half a seed is refused', () => throws(() => commandLineOf(['--seed', '1.5'], 0), /--seed \(1\.5\) is not a whole number/));
test('an unknown option is refused', () => throws(() => commandLineOf(['--minute', '1'], 0)));

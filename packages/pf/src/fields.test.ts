import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { badField, booleanOf, fieldsOf, listOf, numberOf, recordOf, shown, textOf, wholeNumberOf, wordOf } from './fields.ts';
import { type HostSurroundings, decodeHostConfig } from './host-config.ts';
import { decodeDefinitions, encodeDefinitions } from './partitions/definitions.ts';
import { NOT_IN_USE, createPartition } from './partitions/partition-table.ts';
import { type KnownNames, decodePartitionChange, decodePartitionRequest } from './partitions/request.ts';
import { saveTable } from './partitions/restore.ts';
import { Refusal } from './refusal.ts';
import { Random, seeds } from '@gpup/base/testing';
import { tableOf } from './testing/tables.ts';

const range = { min: 1, max: 5, unit: 'ms' };
const rule = { pattern: /^[a-z\u{1f600}]*$/u, lengthMax: 3, is: 'a word' };

for (const [what, accepted, value] of [
  ['the least', () => wholeNumberOf(1, 'f', range), 1],
  ['the most', () => wholeNumberOf(5, 'f', range), 5],
  ['zero without its sign', () => [wholeNumberOf(-0, 'f', { min: 0, max: 5 }), numberOf(-0, 'f', { min: 0, max: 5 })], [0, 0]],
  ['a fraction', () => numberOf(1.5, 'f', range), 1.5],
  ['false', () => booleanOf(false, 'f'), false],
  ['a word', () => wordOf('b', 'f', ['a', 'b']), 'b'],
  ['a text of the greatest length', () => textOf('abc', 'f', rule), 'abc'],
  ['a text of the greatest length in characters of two units', () => textOf('\u{1f600}'.repeat(3), 'f', rule), '\u{1f600}'.repeat(3)],
  ['a list of the greatest length', () => listOf([1, 2], 'f', 2), [1, 2]],
  ['an object', () => fieldsOf({ a: 1 }, 'f', ['a', 'b']), { a: 1 }],
] as const) {
  test(`takes ${what}`, () => deepEqual(accepted(), value));
}

for (const [refused, message] of [
  [() => wholeNumberOf(0, 'a.b', range), 'The field a.b (0) is not a whole number of ms from 1 to 5.'],
  [() => wholeNumberOf(6, 'f', range), 'The field f (6) is not a whole number of ms from 1 to 5.'],
  [() => wholeNumberOf(1.5, 'f', { min: 1, max: 5 }), 'The field f (1.5) is not a whole number from 1 to 5.'],
  [() => wholeNumberOf('1', 'f', range), 'The field f ("1") is not a whole number of ms from 1 to 5.'],
  [() => wholeNumberOf(undefined, 'f', range), 'The field f (missing) is not a whole number of ms from 1 to 5.'],
  [() => numberOf(Number.NaN, 'f', { min: 0, max: 1 }), 'The field f (NaN) is not a number from 0 to 1.'],
  [() => booleanOf(0, 'f'), 'The field f (0) is neither true nor false.'],
  [() => wordOf('c', 'f', ['a', 'b']), 'The field f ("c") is none of a, b.'],
  [() => wordOf('c', 'f', []), 'The field f ("c") is unknown: none exist here.'],
  [() => textOf('abcd', 'f', rule), 'The field f ("abcd") is not a word of at most 3 characters.'],
  [() => textOf('A', 'f', rule), 'The field f ("A") is not a word of at most 3 characters.'],
  [() => listOf([1, 2, 3], 'f', 2), 'The field f has 3 entries, more than it may have (2).'],
  [() => listOf({}, 'f', 2), 'The field f (an object) is not a list.'],
  [() => recordOf([1], 'f'), 'The field f (a list of 1) is not an object.'],
  [() => recordOf(null, ''), 'The value (null) is not an object.'],
  [() => fieldsOf({ a: 1, c: 1 }, 'f', ['a', 'b']), 'The field f.c is unknown; known here: a, b.'],
] as const) {
  test(`says: ${message}`, () => throws(refused, { name: 'Refusal', message }));
}

test('quotes little of what is long or deep', () => {
  let deep: unknown = [];
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  for (const value of ['x'.repeat(1_000_000), '\u0000'.repeat(1_000_000), deep, { deep }]) ok(shown(value).length <= 101);
  ok(badField('x'.repeat(1_000_000), 'y'.repeat(1_000_000), 'is long').message.length < 300);
});

const known: KnownNames = { escapes: ['statistics'], features: ['shader-f16'], limits: ['maxBindGroups'] };
const surroundings: HostSurroundings = { isRoot: true, environment: {}, home: '/root', temporaryDirectory: '/tmp', uid: 0 };

/** JSON that a stranger might send: known names and values among others, in the wrong places as well. */
function randomJson(random: Random, depth: number): unknown {
  const words = [
    'name', 'adapter', 'size', 'vram', 'compute', 'encode', 'contextsMax', 'hostBytesMax', 'baseline', 'escapes', 'min', 'max', 'optimal', 'features', 'limits', 'version',
    'modes', 'partitions', 'createdMs', 'blocked', 'reason', 'sinceMs', 'tdr', 'listen', 'tcp', 'tokenFile', 'pool', '__proto__', 'constructor', 'toString', '', '1/6',
    'statistics', 'shader-f16', 'maxBindGroups', 'hardware-0', 'dda', 'a', 'wait', 'whenInUse', '/x', 'h:1',
  ];
  const word = (): string => words[random.below(words.length)] as string;
  switch (random.below(depth > 0 ? 8 : 5)) {
    case 0: return word();
    case 1: return [null, true, false, 0, -0, 1, 0.5, -1, 2 ** 53, 1e308, 1e-320][random.below(11)];
    case 2: return random.word();
    case 3: return 'x'.repeat(random.skewed(200));
    case 4: return random.below(10);
    case 5: return Array.from({ length: random.below(4) }, () => randomJson(random, depth - 1));
    default: return JSON.parse(`{${Array.from({ length: random.below(6) }, () => `${JSON.stringify(word())}:${JSON.stringify(randomJson(random, depth - 1))}`).join()}}`);
  }
}

for (const seed of seeds(7, 2026)) {
  test(`whatever JSON comes, it is taken or refused, seed ${seed}`, () => {
    const random = new Random(seed);
    for (let round = 0; round < 10_000; round++) {
      const value = randomJson(random, 4);
      const object = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
      for (const decode of [
        () => decodePartitionRequest(value, known),
        () => decodePartitionChange(value, known),
        () => decodeHostConfig(value, surroundings),
        () => decodeDefinitions({ modes: {}, partitions: [value], ...object, version: 1 }),
        () => decodeDefinitions(value),
      ]) {
        refusedOr<unknown>(decode);
      }
      const request = refusedOr(() => decodePartitionRequest({ ...object, name: 'a' }, known));
      const created = request && refusedOr(() => createPartition(tableOf(24), request, { use: NOT_IN_USE, nowMs: 1 }));
      // What was taken is read again after a restart.
      if (created) deepEqual(decodeDefinitions(JSON.parse(encodeDefinitions(saveTable(created.table)))), saveTable(created.table));
    }
  });
}

function refusedOr<Type>(decode: () => Type): Type | undefined {
  try {
    return decode();
  } catch (error) {
    ok(error instanceof Refusal, String(error));
    equal(error.message.length < 1_000, true);
    return undefined;
  }
}

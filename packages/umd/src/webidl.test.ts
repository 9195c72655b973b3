/** Conversions from JavaScript values: https://webidl.spec.whatwg.org/#js-type-mapping */
import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import * as W from './webidl.ts';

const TYPE_ERROR = { name: 'TypeError' };

/** Converts to `expected` and no other value: -0 is not 0. */
function converts(name: string, convert: (v: unknown) => unknown, cases: readonly (readonly [unknown, unknown])[]): void {
  for (const [value, expected] of cases) {
    test(`${name} makes ${show(expected)} of ${show(value)}`, () => equal(Object.is(convert(value), expected), true, `gives ${show(convert(value))}`));
  }
}

function refuses(name: string, convert: (v: unknown) => unknown, values: readonly unknown[]): void {
  for (const value of values) test(`${name} refuses ${show(value)}`, () => throws(() => convert(value), TYPE_ERROR));
}

function show(v: unknown): string {
  if (Object.is(v, -0)) return '-0';
  if (typeof v === 'bigint') return `${v}n`;
  if (typeof v === 'object' && v !== null && Object.getPrototypeOf(v) === null) return '{null prototype}';
  return typeof v === 'string' ? JSON.stringify(v) : String(typeof v === 'object' && v !== null && !Array.isArray(v) ? JSON.stringify(v) : v);
}

const standsFor = (v: unknown): object => ({ valueOf: () => v });
const NO_NUMBERS = [undefined, NaN, Infinity, -Infinity, 'x', {}, [1, 2], 1n, Symbol('s'), standsFor(1n), standsFor(Symbol('s')), Object.create(null) as unknown];

for (const [name, convert, min, max] of [
  ['[EnforceRange] unsigned long', (v: unknown) => W.enforceU32(v, 'x'), 0, 2 ** 32 - 1],
  ['[EnforceRange] long', (v: unknown) => W.enforceI32(v, 'x'), -(2 ** 31), 2 ** 31 - 1],
  ['[EnforceRange] unsigned long long', (v: unknown) => W.enforceU64(v, 'x'), 0, Number.MAX_SAFE_INTEGER],
] as const) {
  converts(name, convert, [
    [min, min],
    [max, max],
    // Truncated before the range is looked at.
    [min - 0.9, min],
    [min === 0 ? -0.9 : -0.9, 0],
    [1.9, 1],
    [-0, 0],
    [null, 0],
    [true, 1],
    ['', 0],
    [' 12 ', 12],
    ['0x10', 16],
    [[7], 7],
    [standsFor(3), 3],
    [new Date(5), 5],
  ]);
  if (max < 2 ** 52) converts(name, convert, [[max + 0.9, max]]);
  refuses(name, convert, [min - 1, max + 1, -1e300, 1e300, ...NO_NUMBERS]);
}

converts('unsigned long long', (v) => W.enforceU64(v, 'x'), [[2 ** 32, 2 ** 32], [2 ** 40 + 0.5, 2 ** 40]]);

converts('[Clamp] unsigned short', W.clampU16, [
  [0, 0],
  [65535, 65535],
  [65536, 65535],
  [1e300, 65535],
  [Infinity, 65535],
  [-1, 0],
  [-Infinity, 0],
  [NaN, 0],
  [undefined, 0],
  ['x', 0],
  [null, 0],
  // Ties to even.
  [0.5, 0],
  [1.5, 2],
  [2.5, 2],
  [65534.5, 65534],
  [65535.5, 65535],
  [0.49999999999999994, 0],
  [0.5000000000000001, 1],
  [1.4999999999999998, 1],
  [-0.5, 0],
  [-0, 0],
]);
refuses('[Clamp] unsigned short', W.clampU16, [1n, Symbol('s'), standsFor(1n)]);

converts('unsigned long', W.wrapU32, [
  [0, 0],
  [-1, 0xffffffff],
  [2 ** 32, 0],
  [2 ** 32 + 7, 7],
  [-(2 ** 32) - 1, 0xffffffff],
  [1.9, 1],
  [-1.9, 0xffffffff],
  [NaN, 0],
  [Infinity, 0],
  [undefined, 0],
]);

converts('double', (v) => W.toDouble(v, 'x'), [[0.1, 0.1], [-0, -0], ['1e3', 1000], [null, 0], [true, 1], [Number.MAX_VALUE, Number.MAX_VALUE]]);
refuses('double', (v) => W.toDouble(v, 'x'), NO_NUMBERS);

const FLOAT_MAX = 2 ** 128 - 2 ** 104;
converts('float', (v) => W.toFloat(v, 'x'), [
  [0.1, Math.fround(0.1)],
  [-0, -0],
  [FLOAT_MAX, FLOAT_MAX],
  // Less than half a unit above the largest float rounds down to it.
  [FLOAT_MAX + 2 ** 102, FLOAT_MAX],
  [-FLOAT_MAX, -FLOAT_MAX],
  [2 ** -149, 2 ** -149],
  [2 ** -151, 0],
]);
refuses('float', (v) => W.toFloat(v, 'x'), [FLOAT_MAX + 2 ** 103, -(2 ** 128), 1e300, ...NO_NUMBERS]);

converts('boolean', W.toBoolean, [[0, false], ['', false], [null, false], [undefined, false], [NaN, false], ['false', true], [0n, false], [Symbol('s'), true]]);

converts('DOMString', W.toDomString, [[1, '1'], [null, 'null'], [undefined, 'undefined'], [[1, [2]], '1,2'], ['\ud800', '\ud800'], [{ toString: () => 'x', valueOf: () => 'y' }, 'x'], [5n, '5']]);
refuses('DOMString', W.toDomString, [Symbol('s'), Object.create(null) as unknown]);
converts('USVString', W.toUsvString, [['\ud800', '\ufffd'], ['a\udc00b', 'a\ufffdb'], ['\ud83e\udd80', '🦀'], ['\udd80\ud83e', '\ufffd\ufffd'], [1, '1']]);

const FRUIT: Readonly<Record<string, number>> = Object.assign(Object.create(null), { apple: 1, pear: 2 });
const toFruit = (v: unknown): unknown => W.toEnum(v, FRUIT, 'Fruit', 'x');
converts('enum', toFruit, [['apple', 'apple'], [['pear'], 'pear'], [{ toString: () => 'pear' }, 'pear']]);
refuses('enum', toFruit, ['Apple', '', 'toString', '__proto__', 'constructor', null, undefined, 1, Symbol('s')]);
test('the message of a bad enum value names the value, the type and the member', () => {
  throws(() => W.toEnum('fig', FRUIT, 'Fruit', 'Basket.fruit'), { message: "Basket.fruit: the provided value 'fig' is not a valid enum value of type Fruit." });
});

// Dictionaries.

for (const value of [undefined, null]) test(`${value} is an empty dictionary`, () => deepEqual(Object.keys(W.toDictionary(value, 'x')), []));
test('an empty dictionary inherits nothing', () => equal(W.toDictionary(undefined, 'x')['toString'], undefined));
for (const value of [{}, [], () => {}, new Map(), new Proxy({}, {})]) {
  test(`${Object.prototype.toString.call(value)} is a dictionary`, () => equal(W.toDictionary(value, 'x'), value));
}
refuses('dictionary', (v) => W.toDictionary(v, 'x'), [1, 'a', true, 1n, Symbol('s')]);

// Sequences.

const toStrings = (v: unknown): string[] => W.toSequence(v, 'x', W.toDomString);
for (const [what, value, expected] of [
  ['array', [1, 'b'], ['1', 'b']],
  ['array with a hole', Object.assign(new Array<number>(2), { 1: 2 }), ['undefined', '2']],
  ['set', new Set(['a', 'b']), ['a', 'b']],
  ['map', new Map([['a', 1]]), ['a,1']],
  ['string object', new String('ab'), ['a', 'b']],
  ['typed array', Uint8Array.of(1, 2), ['1', '2']],
  ['generator', (function* () { yield 1; })(), ['1']],
  ['function with an iterator', Object.assign(() => {}, { [Symbol.iterator]: () => ['f'].values() }), ['f']],
  ['array of arrays', [['a'], ['b', 'c']], ['a', 'b,c']],
] as const) {
  test(`a sequence from an ${what}`, () => deepEqual(toStrings(value), expected));
}
refuses('sequence', toStrings, [undefined, null, 1, 'ab', {}, () => {}, { length: 1, 0: 'a' }, { [Symbol.iterator]: null }, { [Symbol.iterator]: 1 }, { [Symbol.iterator]: () => 1 }]);

test('an element that cannot be converted ends the conversion', () => {
  const seen: unknown[] = [];
  throws(() => W.toSequence([1, Symbol('s'), 2], 'x', (each) => { seen.push(each); return W.toDomString(each); }), TYPE_ERROR);
  equal(seen.length, 2);
});

for (const [present, min, max, fits] of [[0, 1, 3, false], [1, 1, 3, true], [3, 1, 3, true], [4, 1, 3, false], [4, 4, 4, true], [3, 4, 4, false], [5, 4, 4, false]] as const) {
  test(`${present} numbers where ${min} to ${max} are allowed`, () => {
    if (fits) W.checkCount(present, min, max, 'x');
    else throws(() => W.checkCount(present, min, max, 'x'), TYPE_ERROR);
  });
}

// Records.

const toRecord = (v: unknown, dropUndefined = false): unknown => W.toRecord(v, 'x', dropUndefined, (each) => W.toDouble(each, 'x'));
test('a record has the enumerable own properties in order', () => {
  const object = Object.create({ inherited: 1 }, { hidden: { value: 2 }, b: { value: 3, enumerable: true }, a: { value: 4, enumerable: true } }) as object;
  deepEqual(toRecord(object), [['b', 3], ['a', 4]]);
});
test('a record of an array has its indices', () => deepEqual(toRecord([5, 6]), [['0', 5], ['1', 6]]));
test('a record of accessors has what they return', () => deepEqual(toRecord({ get a() { return 1; } }), [['a', 1]]));
test('a record has a key called __proto__', () => deepEqual(toRecord(JSON.parse('{"__proto__":1}')), [['__proto__', 1]]));
test('a record of a proxy has what the proxy shows', () => {
  deepEqual(toRecord(new Proxy({ a: 1, b: 2 }, { ownKeys: () => ['b', 'a'] })), [['b', 2], ['a', 1]]);
});
test("undefined values are dropped where the record's type has them", () => {
  deepEqual(toRecord({ a: undefined, b: 1 }, true), [['b', 1]]);
  throws(() => toRecord({ a: undefined }), TYPE_ERROR);
});
test('keys of a record are made well formed', () => deepEqual(toRecord({ '\ud800': 1 }), [['\ufffd', 1]]));
refuses('record', toRecord, [undefined, null, 1, 'a', { [Symbol('s')]: 1 }, { a: 'x' }]);

// Arguments.

test('too few arguments are counted', () => {
  W.count(2, 2, 'f');
  throws(() => W.count(1, 2, 'f'), { name: 'TypeError', message: 'f requires at least 2 arguments, but only 1 present.' });
  throws(() => W.count(0, 1, 'f'), { name: 'TypeError', message: 'f requires at least 1 argument, but only 0 present.' });
});

test('only the driver holds the token', () => {
  W.checkToken(W.TOKEN);
  throws(() => W.checkToken(Symbol('gpup')), TYPE_ERROR);
  throws(() => W.checkToken(undefined), TYPE_ERROR);
});

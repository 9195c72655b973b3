/** What one side writes, the other reads: every primitive, at the edges of its range. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Reader } from './reader.ts';
import { exchange, readerOf } from './testing/exchange.ts';
import type { Writer } from './writer.ts';

interface Primitive<T> {
  readonly write: (w: Writer, value: T) => void;
  readonly read: (r: Reader) => unknown;
  readonly values: readonly T[];
}

const NUMBERS: Readonly<Record<string, Primitive<number>>> = {
  u32: { write: (w, v) => w.u32(v), read: (r) => r.u32(), values: [0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff] },
  i32: { write: (w, v) => w.u32(v), read: (r) => r.i32(), values: [0, 1, -1, 0x7fffffff, -0x80000000] },
  u64: {
    write: (w, v) => w.u64(v),
    read: (r) => r.u64(),
    values: [0, 1, 0xffffffff, 2 ** 32, 2 ** 32 + 1, 2 ** 40 - 1, 2 ** 52, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER],
  },
  f32: {
    write: (w, v) => w.f32(v),
    read: (r) => r.f32(),
    // The largest float, the smallest normal and the smallest subnormal one.
    values: [0, 1, -1, 0.5, Math.fround(0.1), 3.4028234663852886e38, -3.4028234663852886e38, 2 ** -126, 2 ** -149],
  },
  f64: { write: (w, v) => w.f64(v), read: (r) => r.f64(), values: [0, 1, -1, 0.1, Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, 2 ** -1022] },
};

for (const [name, { write, read, values }] of Object.entries(NUMBERS)) {
  for (const value of values) test(`${name} ${value}`, () => equal(exchange((w) => write(w, value), read), value));
}

test('both kinds of float keep the sign of zero', () => {
  deepEqual(exchange((w) => { w.f32(-0); w.f64(-0); }, (r) => [Object.is(r.f32(), -0), Object.is(r.f64(), -0)]), [true, true]);
});

test('a double that is no float becomes the nearest float', () => {
  equal(exchange((w) => w.f32(0.1), (r) => r.f32()), Math.fround(0.1));
});

test('booleans', () => {
  deepEqual(exchange((w) => { w.bool(true); w.bool(false); }, (r) => [r.bool(), r.bool()]), [true, false]);
});

// An absent size and the largest present one differ, also where the low words are equal.
for (const value of [undefined, 0, 0xffffffff, Number.MAX_SAFE_INTEGER]) {
  test(`an optional u64 that is ${value}`, () => equal(exchange((w) => w.optionalU64(value), (r) => r.optionalU64()), value));
}

test('an absent u64 and its neighbours keep their places', () => {
  deepEqual(
    exchange((w) => { w.u32(1); w.optionalU64(undefined); w.optionalU64(2); w.u32(3); }, (r) => [r.u32(), r.optionalU64(), r.optionalU64(), r.u32()]),
    [1, undefined, 2, 3],
  );
});

// Around the length at which the writer changes its method, and the byte length at which the reader does.
const LENGTHS = [0, 1, 2, 3, 4, 5, 31, 32, 33, 39, 40, 41, 42, 1000];
const ALPHABETS: Readonly<Record<string, string>> = {
  'of ASCII': 'a',
  'of two bytes a character': 'é',
  'of three bytes a character': '語',
  'of surrogate pairs': '🦀',
  'of NUL': '\0',
  'of DEL, the last of ASCII': '\x7f',
  'of U+0080, the first beyond it': '\x80',
};
for (const [what, character] of Object.entries(ALPHABETS)) {
  for (const length of LENGTHS) {
    test(`a string ${what}, ${length} long`, () => {
      const text = character.repeat(length);
      deepEqual(exchange((w) => { w.string(text); w.u32(7); }, (r) => [r.string(), r.u32()]), [text, 7]);
    });
  }
}

for (const [what, text] of [
  ['that is ASCII but for its last character', `${'a'.repeat(39)}é`],
  ['that is ASCII but for its first character', `é${'a'.repeat(39)}`],
  ['that begins with a byte order mark', '\ufeffabc'],
  ['that is nothing but a byte order mark', '\ufeff'],
  ['of every character of the basic plane', Array.from({ length: 0xd800 }, (_, i) => String.fromCharCode(i)).join('')],
  ['of a mebibyte', 'x'.repeat(1 << 20)],
] as const) {
  test(`a string ${what}`, () => equal(exchange((w) => w.string(text), (r) => r.string()), text));
}

// Conversion to USVString replaces them before; what comes through all the same must not shift what follows.
for (const text of ['\ud800', 'ab\udc00cd', '\ud800\ud800', `${'x'.repeat(50)}\udfff`]) {
  test(`lone surrogates of ${JSON.stringify(text)} arrive as U+FFFD`, () => {
    deepEqual(exchange((w) => { w.string(text); w.u32(7); }, (r) => [r.string(), r.u32()]), [text.toWellFormed(), 7]);
  });
}

for (const byteLength of [0, 1, 2, 3, 4, 5, 4096]) {
  test(`payload of ${byteLength} bytes inside the packet`, () => {
    const bytes = Uint8Array.from({ length: byteLength }, (_, i) => i + 1);
    deepEqual(exchange((w) => { w.payload(bytes); w.u32(7); }, (r) => [[...r.payload()], r.u32()]), [[...bytes], 7]);
  });
}

test('payload in the heap is a view of the heap, not a copy', () => {
  const heap = new Uint8Array(64);
  const reader = readerOf((w) => {
    w.place = (bytes) => {
      heap.set(bytes, 24);
      return 24;
    };
    w.payload(Uint8Array.of(1, 2, 3));
  });
  reader.heap = heap;
  const payload = reader.payload();
  reader.close();
  deepEqual([payload.buffer === heap.buffer, payload.byteOffset, [...payload]], [true, 24, [1, 2, 3]]);
});

test('payload that finds no place goes inside, and the next one is asked for again', () => {
  const places = [-1, 8];
  const reader = readerOf((w) => {
    w.place = () => places.shift() ?? -1;
    w.payload(Uint8Array.of(1));
    w.payload(Uint8Array.of(2));
  });
  reader.heap = Uint8Array.from({ length: 16 }, (_, i) => i * 10);
  deepEqual([[...reader.payload()], [...reader.payload()]], [[1], [80]]);
  reader.close();
});

test('arrays and blocks of words are views that begin and end where they were written', () => {
  const source = Uint32Array.of(9, 1, 2, 3, 9);
  const reader = readerOf((w) => {
    w.block({ words: source, begin: 1, end: 4 });
    w.block({ words: source, begin: 2, end: 2 });
    w.block({ words: source, begin: 0, end: 5 });
  });
  const { words, begin, end } = reader.block();
  deepEqual([...words.subarray(begin, end)], [1, 2, 3]);
  deepEqual([...reader.u32Array()], []);
  deepEqual([...reader.u32Array()], [9, 1, 2, 3, 9]);
  reader.close();
});

test('enum values and their absence', () => {
  const names = ['', 'first', 'second'];
  deepEqual(
    exchange((w) => { w.u32(1); w.u32(2); w.u32(0); w.u32(2); }, (r) => [r.enumValue(names), r.enumValue(names), r.enumOrNull(names), r.enumOrNull(names)]),
    ['first', 'second', null, 'second'],
  );
});

test('a presence word with the highest bit is not negative', () => {
  const highest = 2 ** 31;
  equal(exchange((w) => w.u32(highest | 1), (r) => r.presence((highest | 1) >>> 0, 1)) >>> 0, highest + 1);
});

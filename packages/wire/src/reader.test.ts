/** Every fault that the reader knows, from both sides of its boundary. */
import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { Reader } from './reader.ts';
import { readerOf, readerOfWords } from './testing/exchange.ts';
import { INLINE } from './writer.ts';

type Read = (r: Reader) => unknown;

function accepts(what: string, words: readonly number[], read: Read, expected: unknown): void {
  test(`reads ${what}`, () => {
    const reader = readerOfWords(words);
    deepEqual(read(reader), expected);
    reader.close();
  });
}

function faults(what: string, words: readonly number[], read: Read, code: string): void {
  test(`faults ${what}`, () => throws(() => read(readerOfWords(words)), { name: 'GuestFault', code }));
}

const ABSENT = 0xffffffff;
const NAMES = ['', 'a', 'b'];
/** Bits of floats: IEEE 754, 8 and 11 bits of exponent. */
const F32_INFINITY = 0x7f800000;
const F64_INFINITY_HIGH = 0x7ff00000;

// Truncated: each read with as many words as it needs, and with one less.
for (const [name, words, read, value] of [
  ['u32', [7], (r) => r.u32(), 7],
  ['i32', [0xffffffff], (r) => r.i32(), -1],
  ['bool', [1], (r) => r.bool(), true],
  ['u64', [7, 0], (r) => r.u64(), 7],
  ['optional u64', [7, 0], (r) => r.optionalU64(), 7],
  ['absent u64', [ABSENT, ABSENT], (r) => r.optionalU64(), undefined],
  ['f32', [0x3f800000], (r) => r.f32(), 1],
  ['f64', [0, 0x3ff00000], (r) => r.f64(), 1],
  ['empty string', [0], (r) => r.string(), ''],
  ['string', [5, 0x64636261, 0x65], (r) => r.string(), 'abcde'],
  ['payload', [5, INLINE, 0x04030201, 0x05], (r) => [...r.payload()], [1, 2, 3, 4, 5]],
  ['empty payload', [0, INLINE], (r) => [...r.payload()], []],
  ['sequence', [2, 8, 9], (r) => [...r.u32Array()], [8, 9]],
  ['enum', [2], (r) => r.enumValue(NAMES), 'b'],
  ['enum or null', [0], (r) => r.enumOrNull(NAMES), null],
  ['presence', [5], (r) => r.presence(7, 4), 5],
] as readonly (readonly [string, readonly number[], Read, unknown])[]) {
  accepts(`the ${name} of a whole packet`, words, read, value);
  const isCounted = name === 'sequence';
  faults(`a packet that ends within its ${name}`, words.slice(0, -1), read, isCounted ? 'bad-count' : 'packet-truncated');
}

faults('a packet without its first field', [], (r) => r.u32(), 'packet-truncated');
faults('an empty packet for a boolean', [], (r) => r.bool(), 'packet-truncated');
faults('an empty packet for an enum or null', [], (r) => r.enumOrNull(NAMES), 'packet-truncated');

// Trailing.
for (const [extraCount, complaint] of [[1, /1 words/], [3, /3 words/]] as const) {
  test(`faults a packet of ${extraCount} words too many`, () => {
    const reader = readerOfWords([1, ...new Array<number>(extraCount).fill(0)]);
    reader.u32();
    throws(() => reader.close(), { name: 'GuestFault', code: 'packet-trailing', message: complaint });
  });
}

// Values.
accepts('false', [0], (r) => r.bool(), false);
faults('a boolean that is 2', [2], (r) => r.bool(), 'bad-boolean');
faults('a boolean that is all ones', [0xffffffff], (r) => r.bool(), 'bad-boolean');

accepts('the largest safe integer', [0xffffffff, 0x1fffff], (r) => r.u64(), Number.MAX_SAFE_INTEGER);
faults('2^53', [0, 0x200000], (r) => r.u64(), 'bad-integer');
faults('the largest 64-bit integer, where it does not stand for absence', [ABSENT, ABSENT], (r) => r.u64(), 'bad-integer');
faults('half an absence, low', [ABSENT, 0x200000], (r) => r.optionalU64(), 'bad-integer');
faults('half an absence, high', [ABSENT - 1, ABSENT], (r) => r.optionalU64(), 'bad-integer');

for (const [sign, signName] of [[0, ''], [0x80000000, 'minus ']] as const) {
  accepts(`${signName}the largest float`, [(sign | (F32_INFINITY - 1)) >>> 0], (r) => r.f32(), (sign === 0 ? 1 : -1) * 3.4028234663852886e38);
  faults(`a float that is ${signName}infinity`, [(sign | F32_INFINITY) >>> 0], (r) => r.f32(), 'bad-float');
  faults(`a float that is ${signName}NaN`, [(sign | (F32_INFINITY + 1)) >>> 0], (r) => r.f32(), 'bad-float');
  accepts(`${signName}the largest double`, [ABSENT, (sign | (F64_INFINITY_HIGH - 1)) >>> 0], (r) => r.f64(), (sign === 0 ? 1 : -1) * Number.MAX_VALUE);
  faults(`a double that is ${signName}infinity`, [0, (sign | F64_INFINITY_HIGH) >>> 0], (r) => r.f64(), 'bad-float');
  faults(`a double that is ${signName}NaN`, [1, (sign | F64_INFINITY_HIGH) >>> 0], (r) => r.f64(), 'bad-float');
}

faults('an enum value of 0 where one is needed', [0], (r) => r.enumValue(NAMES), 'bad-enum');
faults('the enum value behind the last', [NAMES.length], (r) => r.enumValue(NAMES), 'bad-enum');
faults('an enum or null behind the last', [NAMES.length], (r) => r.enumOrNull(NAMES), 'bad-enum');
faults('an enum value that is no index', [0xffffffff], (r) => r.enumValue(NAMES), 'bad-enum');

accepts('a dictionary with every known field', [7], (r) => r.presence(7, 4), 7);
accepts('a dictionary with its required field alone', [4], (r) => r.presence(7, 4), 4);
faults('a dictionary with an unknown field', [12], (r) => r.presence(7, 4), 'unknown-field');
faults('a dictionary with the field of the highest bit', [0x80000004], (r) => r.presence(7, 4), 'unknown-field');
faults('a dictionary without its required field', [3], (r) => r.presence(7, 4), 'missing-field');
faults('a dictionary without either of two required fields', [1], (r) => r.presence(7, 6), 'missing-field');

// Counts and lengths that no packet can hold: nothing may be sized by them.
accepts('a count of as many elements as words are left', [2, 0, 0], (r) => { const count = r.count(); r.take(2); return count; }, 2);
faults('a count of one element more than words are left', [3, 0, 0], (r) => r.count(), 'bad-count');
faults('a count of 2^32 - 1', [0xffffffff, 0, 0], (r) => r.count(), 'bad-count');
faults('a block that is longer than its packet', [3, 0, 0], (r) => r.block(), 'bad-count');
for (const byteLength of [9, 0x7fffffff, 0xfffffffd, 0xffffffff]) {
  faults(`a string of ${byteLength} bytes in a packet with 8`, [byteLength, 0, 0], (r) => r.string(), 'packet-truncated');
  faults(`payload of ${byteLength} bytes in a packet with 8`, [byteLength, INLINE, 0, 0], (r) => r.payload(), 'packet-truncated');
}
faults('a claim of more words than are left', [1, 2], (r) => r.take(3), 'packet-truncated');

// The heap.
const HEAP_BYTES = 64;
const withHeap = (r: Reader): number => {
  r.heap = new Uint8Array(HEAP_BYTES);
  return r.payload().byteLength;
};
accepts('payload that fills the heap', [HEAP_BYTES, 0], withHeap, HEAP_BYTES);
accepts('payload that ends with the heap', [1, HEAP_BYTES - 1], withHeap, 1);
accepts('no payload at the end of the heap', [0, HEAP_BYTES], withHeap, 0);
faults('no payload behind the end of the heap', [0, HEAP_BYTES + 1], withHeap, 'heap-range');
faults('payload one byte longer than the heap', [HEAP_BYTES + 1, 0], withHeap, 'heap-range');
faults('payload that ends one byte behind the heap', [2, HEAP_BYTES - 1], withHeap, 'heap-range');
faults('payload whose end wraps around', [0xffffffff, 8], withHeap, 'heap-range');
faults('payload at the last offset that is not the mark of inline', [1, INLINE - 1], withHeap, 'heap-range');
faults('payload in a heap where there is none', [4, 0], (r) => r.payload(), 'heap-range');
faults('no payload in a heap where there is none', [0, 0], (r) => r.payload(), 'heap-range');

test('bytes that are no UTF-8 are replaced, not refused', () => {
  equal(readerOfWords([2, 0x41ff]).string(), '\ufffdA');
});

test('a reader goes from packet to packet, and from buffer to buffer', () => {
  const reader = new Reader();
  const first = Uint32Array.of(1, 0x61, 1, 0x62);
  reader.open(first, 0, 2);
  equal(reader.string(), 'a');
  reader.open(first, 2, 4);
  equal(reader.string(), 'b');
  // Not at the start of its memory.
  reader.open(new Uint32Array(Uint32Array.of(9, 9, 1, 0x63).buffer, 8, 2), 0, 2);
  equal(reader.string(), 'c');
  reader.close();
});

test('a string is not changed by words that are written later', () => {
  const text = 'a string of more than thirty-two bytes';
  const reader = readerOf((w) => w.string(text));
  const read = reader.string();
  reader.words.fill(0);
  equal(read, text);
});

import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { Writer } from './writer.ts';

function wordsOf(writer: Writer): number[] {
  return [...writer.words.subarray(0, writer.length)];
}

test('a packet carries its opcode and its length, and packets follow each other', () => {
  const writer = new Writer();
  const empty = writer.begin(5);
  writer.end(empty);
  const other = writer.begin(6);
  writer.u32(1);
  writer.u32(2);
  writer.end(other);
  deepEqual(wordsOf(writer), [5, 2, 6, 4, 1, 2]);
  writer.reset();
  equal(writer.length, 0);
});

test('a recorded command carries number and length in one word', () => {
  const writer = new Writer();
  for (let argumentCount = 0; argumentCount < 2; argumentCount++) {
    const at = writer.beginCommand(7);
    for (let i = 0; i < argumentCount; i++) writer.u32(i + 10);
    writer.endCommand(at);
  }
  deepEqual(wordsOf(writer), [7 | (1 << 16), 7 | (2 << 16), 10]);
});

// The length counts the command's own words; from 0xffff on it has a word of its own, which it counts too.
const ARGUMENTS_SHORT_MAX = 0xffff - 2;
for (const [argumentCount, head] of [
  [ARGUMENTS_SHORT_MAX, [((0xfffe << 16) | 7) >>> 0]],
  [ARGUMENTS_SHORT_MAX + 1, [0xffff0007, 0x10000]],
  [ARGUMENTS_SHORT_MAX + 2, [0xffff0007, 0x10001]],
  [0x20000, [0xffff0007, 0x20002]],
] as const) {
  for (const before of [0, 3]) {
    test(`a command with ${argumentCount} words of arguments, behind ${before} words`, () => {
      const writer = new Writer(16);
      writer.reserve(before);
      const at = writer.beginCommand(7);
      for (let i = 0; i < argumentCount; i++) writer.u32(i);
      writer.endCommand(at);
      const next = writer.beginCommand(8);
      writer.endCommand(next);
      deepEqual([...writer.words.subarray(before, before + head.length)], head);
      const firstArgument = before + head.length;
      equal(writer.length, firstArgument + argumentCount + 1);
      equal(writer.words.subarray(firstArgument, firstArgument + argumentCount).every((word, i) => word === i), true);
      equal(writer.words[writer.length - 1], 8 | (1 << 16));
    });
  }
}

test('what was written survives that the buffer grows, and every view is of the new one', () => {
  const writer = new Writer(1);
  writer.u32(1);
  writer.f32(1);
  writer.f64(1);
  writer.string('é');
  writer.payload(Uint8Array.of(1, 2, 3, 4, 5));
  deepEqual(wordsOf(writer), [1, 0x3f800000, 0, 0x3ff00000, 2, 0xa9c3, 5, 0xffffffff, 0x04030201, 5]);
  equal(writer.floats.buffer, writer.words.buffer);
});

test('equal content is equal words: bytes behind a string or payload are zero, whatever lay there', () => {
  for (const write of [(w: Writer) => w.string('abcde'), (w: Writer) => w.string('é'.repeat(21)), (w: Writer) => w.payload(Uint8Array.of(1, 2, 3, 4, 5))]) {
    const clean = new Writer();
    write(clean);
    const used = new Writer();
    used.words.fill(0xffffffff);
    write(used);
    deepEqual(wordsOf(used), wordsOf(clean));
  }
});

test('a string that turns out not to be ASCII leaves nothing of the attempt', () => {
  const writer = new Writer();
  writer.string('abcdefghij\xe9');
  deepEqual(wordsOf(writer), [12, 0x64636261, 0x68676665, 0xa9c36a69]);
});

test('a u64 is split exactly', () => {
  const writer = new Writer();
  writer.u64(2 ** 53 - 1);
  writer.u64(2 ** 32);
  writer.optionalU64(undefined);
  deepEqual(wordsOf(writer), [0xffffffff, 0x1fffff, 0, 1, 0xffffffff, 0xffffffff]);
});

for (const [text, bytesMax, expected] of [
  ['x'.repeat(11), 10, 'x'.repeat(10)],
  ['x'.repeat(101), 100, 'x'.repeat(100)],
  ['x'.repeat(100), 100, 'x'.repeat(100)],
  ['é'.repeat(60), 101, 'é'.repeat(50)],
  ['é'.repeat(60), 100, 'é'.repeat(50)],
  ['🦀'.repeat(60), 103, '🦀'.repeat(25)],
] as const) {
  test(`a string of ${text.length} characters is cut to at most ${bytesMax} bytes, between characters`, () => {
    const writer = new Writer();
    writer.stringBytesMax = bytesMax;
    writer.string(text);
    writer.u32(7);
    const byteLength = writer.words[0] as number;
    equal(new TextDecoder().decode(new Uint8Array(writer.words.buffer, 4, byteLength)), expected);
    equal(writer.words[1 + Math.ceil(byteLength / 4)], 7);
  });
}

import { equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { formatByteCount, parseByteCount } from './byte-count.ts';

const options = { option: '--vram', bytesMax: 2 ** 40 };

for (const [text, bytes] of [
  ['1', 1],
  ['268435456', 2 ** 28],
  ['256MiB', 2 ** 28],
  ['256 MiB', 2 ** 28],
  ['256MB', 2 ** 28],
  ['256m', 2 ** 28],
  ['1GiB', 2 ** 30],
  ['1G', 2 ** 30],
  ['1.5GiB', 1.5 * 2 ** 30],
  ['4k', 4096],
  ['1TiB', 2 ** 40],
] as const) {
  test(`reads ${text} as ${bytes} bytes`, () => equal(parseByteCount(text, options), bytes));
}

for (const text of ['', 'much', '-1', '1e9', '0x10', '1PiB', '256MiBi', '1.0001', 'NaN', '9007199254740993']) {
  test(`refuses "${text}", and names it`, () => {
    throws(() => parseByteCount(text, options), { name: 'UsageError', message: new RegExp(`--vram \\(${text}\\) is not a number of bytes`) });
  });
}

test('refuses zero and names the limit', () => {
  throws(() => parseByteCount('0', options), { message: '--vram (0) is below the limit (1 byte).' });
});

test('refuses one byte more than the limit and names the limit', () => {
  equal(parseByteCount(String(2 ** 40), options), 2 ** 40);
  throws(() => parseByteCount(String(2 ** 40 + 1), options), { message: '--vram (1099511627777) is above the limit (1 TiB).' });
});

test('formats in the largest whole unit', () => {
  equal(formatByteCount(2 ** 40), '1 TiB');
  equal(formatByteCount(3 * 2 ** 20), '3 MiB');
  equal(formatByteCount(1025), '1025 bytes');
});

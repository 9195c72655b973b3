import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { encodeTexel, isEncodableFormat, toHalf } from './texel-encoding.ts';

/** The value of a half, straight from its definition: sign, 5 bits of exponent with bias 15, 10 bits of fraction. */
function halfValue(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

test('every half becomes itself', () => {
  const wrong: number[] = [];
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = halfValue(bits);
    if (!Number.isNaN(value) && toHalf(value) !== bits) wrong.push(bits);
    if (Number.isNaN(value) && !Number.isNaN(halfValue(toHalf(value)))) wrong.push(bits);
  }
  deepEqual(wrong, []);
});

/** As above, but the largest exponent goes on instead of meaning infinity: where rounding up leads. */
function unboundedHalfValue(bits: number): number {
  return bits === 0x7c00 ? 65536 : halfValue(bits);
}

test('what lies between two halves becomes the nearer one, and the even one in the middle', () => {
  const wrong: string[] = [];
  const check = (value: number, expected: number): void => {
    if (toHalf(value) !== expected) wrong.push(`${value} becomes ${toHalf(value)}, not ${expected}`);
    if (toHalf(-value) !== (expected | 0x8000)) wrong.push(`${-value} becomes ${toHalf(-value)}`);
  };
  for (let bits = 0; bits < 0x7c00; bits++) {
    const [low, high] = [unboundedHalfValue(bits), unboundedHalfValue(bits + 1)];
    // Exact in 32 bits, as halves have 13 bits less.
    const middle = (low + high) / 2;
    const step = (high - low) / 256;
    check(middle, bits % 2 === 0 ? bits : bits + 1);
    check(middle - step, bits);
    check(middle + step, bits + 1);
  }
  deepEqual(wrong.slice(0, 5), []);
});

for (const [value, bits] of [[0, 0], [-0, 0x8000], [65504, 0x7bff], [65519.99, 0x7bff], [65520, 0x7c00], [1e30, 0x7c00], [Infinity, 0x7c00], [-Infinity, 0xfc00], [2 ** -24, 1], [2 ** -25, 0], [2 ** -25 * 1.5, 1], [2 ** -30, 0], [2 ** -149, 0]] as const) {
  test(`${value} is the half 0x${bits.toString(16)}`, () => equal(toHalf(value), bits));
}

const COLOR = [1, 0.5, 0, 0.2] as const;
const bytesOf = (format: Parameters<typeof encodeTexel>[0], rgba: readonly [number, number, number, number]): number[] => {
  const { texelBytes, write } = encodeTexel(format);
  const view = new DataView(new ArrayBuffer(texelBytes + 8));
  write(view, 4, rgba);
  const all = new Uint8Array(view.buffer);
  // Nothing is written beside the texel.
  deepEqual([...all.subarray(0, 4), ...all.subarray(4 + texelBytes)], new Array(8).fill(0));
  return [...all.subarray(4, 4 + texelBytes)];
};
const float = (value: number): number[] => [...new Uint8Array(Float32Array.of(value).buffer)];
const half = (value: number): number[] => [toHalf(value) & 0xff, toHalf(value) >> 8];
const word = (value: number): number[] => [value & 0xff, value >> 8];

for (const [format, expected] of [
  ['r8unorm', [255]],
  ['rg8unorm', [255, 128]],
  ['rgba8unorm', [255, 128, 0, 51]],
  ['rgba8unorm-srgb', [255, 128, 0, 51]],
  ['bgra8unorm', [0, 128, 255, 51]],
  ['bgra8unorm-srgb', [0, 128, 255, 51]],
  ['r16unorm', word(65535)],
  ['rg16unorm', [...word(65535), ...word(32768)]],
  ['rgba16unorm', [65535, 32768, 0, 13107].flatMap(word)],
  ['r16float', half(1)],
  ['rg16float', [1, 0.5].flatMap(half)],
  ['rgba16float', COLOR.flatMap(half)],
  ['r32float', float(1)],
  ['rg32float', [1, 0.5].flatMap(float)],
  ['rgba32float', COLOR.flatMap(float)],
  // 1023 | 512 << 10 | 0 << 20 | 1 << 30
  ['rgb10a2unorm', [0xff, 0x03, 0x08, 0x40]],
] as const) {
  test(`a color as ${format}`, () => deepEqual(bytesOf(format, COLOR), expected));
}

test('values outside of [0, 1] are clamped by unorm formats and kept by floats', () => {
  deepEqual(bytesOf('rgba8unorm', [-1, 2, 1.5, -0.1]), [0, 255, 255, 0]);
  deepEqual(bytesOf('rg32float', [-1, 2, 0, 0]), [-1, 2].flatMap(float));
});

test('every byte value comes back as it was', () => {
  for (let value = 0; value < 256; value++) deepEqual(bytesOf('rgba8unorm', [value / 255, 0, 0, value / 255]), [value, 0, 0, value]);
});

test('formats that images cannot be copied to are told apart', () => {
  for (const format of ['rgba8uint', 'rgba8snorm', 'depth32float', 'bc1-rgba-unorm', 'rgb9e5ufloat'] as const) {
    equal(isEncodableFormat(format), false);
    throws(() => encodeTexel(format), { name: 'TypeError' });
  }
  equal(isEncodableFormat('toString' as 'r8unorm'), false);
});

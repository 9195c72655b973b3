import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { GPUTextureFormatNames } from '@gpup/wire/enums';
import { formatBlock } from './format-blocks.ts';
import type { GPUTextureAspect, GPUTextureFormat } from './generated/types.gen.ts';

/** Bytes of a texel or block, and its size, as the specification lists them: https://gpuweb.github.io/gpuweb/#texture-format-caps */
const PLAIN: Readonly<Record<number, string>> = {
  1: 'r8unorm r8snorm r8uint r8sint stencil8',
  2: 'r16unorm r16snorm r16uint r16sint r16float rg8unorm rg8snorm rg8uint rg8sint depth16unorm',
  4: `r32uint r32sint r32float rg16unorm rg16snorm rg16uint rg16sint rg16float rgba8unorm rgba8unorm-srgb rgba8snorm rgba8uint rgba8sint
    bgra8unorm bgra8unorm-srgb rgb9e5ufloat rgb10a2uint rgb10a2unorm rg11b10ufloat depth32float`,
  8: 'rg32uint rg32sint rg32float rgba16unorm rgba16snorm rgba16uint rgba16sint rgba16float',
  16: 'rgba32uint rgba32sint rgba32float',
};
const BLOCKS: Readonly<Record<number, string>> = {
  8: 'bc1-rgba-unorm bc1-rgba-unorm-srgb bc4-r-unorm bc4-r-snorm etc2-rgb8unorm etc2-rgb8unorm-srgb etc2-rgb8a1unorm etc2-rgb8a1unorm-srgb eac-r11unorm eac-r11snorm',
  16: `bc2-rgba-unorm bc2-rgba-unorm-srgb bc3-rgba-unorm bc3-rgba-unorm-srgb bc5-rg-unorm bc5-rg-snorm bc6h-rgb-ufloat bc6h-rgb-float
    bc7-rgba-unorm bc7-rgba-unorm-srgb etc2-rgba8unorm etc2-rgba8unorm-srgb eac-rg11unorm eac-rg11snorm`,
};
const COMBINED = ['depth24plus', 'depth24plus-stencil8', 'depth32float-stencil8'];

const seen = new Set<string>(COMBINED);
function check(format: string, expected: readonly [number, number, number]): void {
  seen.add(format);
  test(`${format}: ${expected.join(', ')}`, () => {
    const block = formatBlock(format as GPUTextureFormat, 'all');
    deepEqual(block, { width: expected[0], height: expected[1], bytes: expected[2] });
  });
}
for (const [bytes, formats] of Object.entries(PLAIN)) for (const format of formats.split(/\s+/)) check(format, [1, 1, Number(bytes)]);
for (const [bytes, formats] of Object.entries(BLOCKS)) for (const format of formats.split(/\s+/)) check(format, [4, 4, Number(bytes)]);
for (const format of GPUTextureFormatNames.filter((name) => name.startsWith('astc-'))) {
  const [width, height] = (/\d+x\d+/.exec(format) as RegExpExecArray)[0].split('x').map(Number) as [number, number];
  check(format, [width, height, 16]);
}

test('every format of the IDL is looked at', () => deepEqual(GPUTextureFormatNames.filter((name) => name !== '' && !seen.has(name)), []));

for (const [format, aspect, bytes] of [
  ['depth24plus', 'all', null],
  ['depth24plus', 'depth-only', null],
  ['depth24plus-stencil8', 'all', null],
  ['depth24plus-stencil8', 'depth-only', null],
  ['depth24plus-stencil8', 'stencil-only', 1],
  ['depth32float-stencil8', 'all', null],
  ['depth32float-stencil8', 'depth-only', 4],
  ['depth32float-stencil8', 'stencil-only', 1],
  ['depth32float', 'depth-only', 4],
  ['stencil8', 'stencil-only', 1],
] as readonly (readonly [GPUTextureFormat, GPUTextureAspect, number | null])[]) {
  test(`${aspect} of ${format} is copied as ${bytes} bytes`, () => equal(formatBlock(format, aspect)?.bytes ?? null, bytes));
}

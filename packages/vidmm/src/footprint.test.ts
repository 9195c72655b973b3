import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { GPUTextureFormatNames } from '@gpup/wire/enums';
import { TEXTURE_FORMATS } from './texture-formats.ts';
import { bufferBytes, querySetBytes, stagingBytes, type TextureShape, textureBytes } from './footprint.ts';

const LIMITS = { maxBufferSize: 1024, maxTextureDimension1D: 64, maxTextureDimension2D: 64, maxTextureDimension3D: 16, maxTextureArrayLayers: 32 };
const SHAPE: TextureShape = { format: 'rgba8unorm', dimension: '2d', width: 16, height: 8, depthOrArrayLayers: 1, mipLevelCount: 1, sampleCount: 1 };

function bytesOf(shape: Partial<TextureShape>): number {
  return textureBytes({ ...SHAPE, ...shape }, LIMITS);
}

test('every format of the pinned IDL has a footprint', () => {
  for (const format of GPUTextureFormatNames.slice(1)) ok(TEXTURE_FORMATS.has(format), format);
  equal(TEXTURE_FORMATS.size, GPUTextureFormatNames.length - 1);
});

const SIZES: readonly (readonly [string, Partial<TextureShape>, number])[] = [
  ['texels', {}, 16 * 8 * 4],
  ['layers', { depthOrArrayLayers: 3 }, 16 * 8 * 4 * 3],
  ['samples', { sampleCount: 4 }, 16 * 8 * 4 * 4],
  ['levels', { mipLevelCount: 5 }, (16 * 8 + 8 * 4 + 4 * 2 + 2 + 1) * 4],
  ['levels of layers', { mipLevelCount: 2, depthOrArrayLayers: 2 }, (16 * 8 + 8 * 4) * 4 * 2],
  ['levels in three dimensions', { dimension: '3d', width: 8, height: 8, depthOrArrayLayers: 4, mipLevelCount: 2 }, (8 * 8 * 4 + 4 * 4 * 2) * 4],
  ['blocks', { format: 'bc1-rgba-unorm', mipLevelCount: 4 }, (4 * 2 + 2 + 1 + 1) * 8],
  ['blocks that are not square', { format: 'astc-10x5-unorm', width: 20, height: 10 }, 4 * 16],
  ['blocks in three dimensions', { format: 'bc1-rgba-unorm', dimension: '3d', width: 8, height: 8, depthOrArrayLayers: 4, mipLevelCount: 4 }, (2 * 2 * 4 + 2 + 1 + 1) * 8],
  ['depth', { format: 'depth32float-stencil8' }, 16 * 8 * 8],
  ['depth with samples', { format: 'depth24plus', sampleCount: 4 }, 16 * 8 * 4 * 4],
  ['stencil', { format: 'stencil8' }, 16 * 8 * 4],
];
for (const [what, shape, bytes] of SIZES) test(`a texture is as large as its ${what}`, () => equal(bytesOf(shape), bytes));

// Both sides of each limit: what cannot be valid is charged nothing.
const BOUNDS: readonly (readonly [string, Partial<TextureShape>, Partial<TextureShape>])[] = [
  ['width', { width: 64 }, { width: 65 }],
  ['height', { height: 64 }, { height: 65 }],
  ['layers', { depthOrArrayLayers: 32 }, { depthOrArrayLayers: 33 }],
  ['depth', { dimension: '3d', depthOrArrayLayers: 16 }, { dimension: '3d', depthOrArrayLayers: 17 }],
  ['levels', { mipLevelCount: 5 }, { mipLevelCount: 6 }],
  ['levels at all', {}, { mipLevelCount: 0 }],
  ['samples', { sampleCount: 4 }, { sampleCount: 2 }],
  ['extents', {}, { width: 0 }],
];
for (const [what, valid, invalid] of BOUNDS) {
  test(`the limit of ${what} is exact`, () => {
    ok(bytesOf(valid) > 0);
    equal(bytesOf(invalid), 0);
  });
}

test('buffers are charged in whole words, and not beyond the limit', () => {
  equal(bufferBytes(0, LIMITS), 0);
  equal(bufferBytes(1, LIMITS), 4);
  equal(bufferBytes(1024, LIMITS), 1024);
  equal(bufferBytes(1025, LIMITS), 0);
  equal(querySetBytes(4096), 32768);
  equal(querySetBytes(4097), 0);
});

test('a buffer counts a copy for the processor while it is mapped at creation and cannot be mapped', () => {
  const [mapRead, mapWrite, copyDst] = [0x1, 0x2, 0x8] as const;
  equal(stagingBytes({ bytes: 64, usage: copyDst, mappedAtCreation: true }), 64);
  equal(stagingBytes({ bytes: 64, usage: copyDst, mappedAtCreation: false }), 0);
  equal(stagingBytes({ bytes: 64, usage: mapRead | copyDst, mappedAtCreation: true }), 0);
  equal(stagingBytes({ bytes: 64, usage: mapWrite, mappedAtCreation: true }), 0);
});

import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { type Band, type Conversion, type CopyableImage, READ_PIXELS, bandsOf, convertPixels, convertedRowBytes, fromLinear, toCopyableImage, toLinear } from './external-image.ts';
import type { GPUTextureFormat } from './generated/types.gen.ts';

/** Pixel (x, y) is [10x, 10y, 200, 255], so that a mix-up of places or channels shows. */
function image(width: number, height: number, colorSpace = 'srgb'): CopyableImage {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set([x * 10, y * 10, 200, 255], (y * width + x) * 4);
  return { width, height, colorSpace, data };
}

interface Options {
  readonly x?: number;
  readonly y?: number;
  readonly width: number;
  readonly height: number;
  readonly flipY?: boolean;
  readonly premultipliedAlpha?: boolean;
  readonly colorSpace?: string;
  readonly format?: GPUTextureFormat;
}

function convert(source: CopyableImage, { x = 0, y = 0, width, height, flipY = false, premultipliedAlpha = false, colorSpace = 'srgb', format = 'rgba8unorm' }: Options): number[] {
  const conversion = {
    source: { source, origin: { x, y }, flipY },
    destination: { premultipliedAlpha, colorSpace },
    width,
    height,
    format,
  } as unknown as Conversion;
  return convertBand(source, conversion, { top: 0, rowCount: height });
}

/** Into the middle of a larger memory, as where it is staged. */
function convertBand(image: CopyableImage, conversion: Conversion, band: Band): number[] {
  const byteLength = convertedRowBytes(conversion) * band.rowCount;
  const memory = new Uint8Array(byteLength + 16).fill(0xee);
  convertPixels(memory.subarray(8, 8 + byteLength), { image, conversion, band });
  deepEqual([...memory.subarray(0, 8), ...memory.subarray(8 + byteLength)], new Array(16).fill(0xee));
  return [...memory.subarray(8, 8 + byteLength)];
}

const pixel = (x: number, y: number): number[] => [x * 10, y * 10, 200, 255];

test('a part of an image', () => {
  deepEqual(convert(image(4, 4), { x: 1, y: 2, width: 2, height: 2 }), [pixel(1, 2), pixel(2, 2), pixel(1, 3), pixel(2, 3)].flat());
});

test('flipped, the same part with its rows in reverse', () => {
  deepEqual(convert(image(4, 4), { x: 1, y: 1, width: 2, height: 3, flipY: true }), [pixel(1, 3), pixel(2, 3), pixel(1, 2), pixel(2, 2), pixel(1, 1), pixel(2, 1)].flat());
});

test('bytes that are copied as they are and bytes that go through colors are the same', () => {
  const source = image(9, 7);
  const slow = { ...source, data: [...(source.data as Uint8ClampedArray)] };
  for (const format of ['rgba8unorm', 'rgba8unorm-srgb'] as const) {
    for (const flipY of [false, true]) {
      const options = { x: 2, y: 1, width: 6, height: 5, flipY, format };
      deepEqual(convert(source, options), convert(slow, options));
    }
  }
});

test('nothing of an image', () => {
  deepEqual(convert(image(4, 4), { x: 4, y: 4, width: 0, height: 0 }), []);
});

test('premultiplied on demand, the alpha itself never', () => {
  const half: CopyableImage = { width: 1, height: 1, colorSpace: 'srgb', data: [255, 100, 0, 128] };
  deepEqual(convert(half, { width: 1, height: 1 }), [255, 100, 0, 128]);
  deepEqual(convert(half, { width: 1, height: 1, premultipliedAlpha: true }), [128, 50, 0, 128]);
  const clear: CopyableImage = { width: 1, height: 1, colorSpace: 'srgb', data: [255, 100, 0, 0] };
  deepEqual(convert(clear, { width: 1, height: 1, premultipliedAlpha: true }), [0, 0, 0, 0]);
});

test('the transfer function is the one of sRGB, and its inverse', () => {
  equal(toLinear(0), 0);
  equal(toLinear(1), 1);
  // The corner: 0.04045 / 12.92
  equal(Math.abs(toLinear(0.04045) - 0.0031308) < 1e-7, true);
  equal(Math.abs(toLinear(0.5) - 0.2140411) < 1e-6, true);
  equal(toLinear(-0.5), -toLinear(0.5));
  for (let i = 0; i <= 100; i++) equal(Math.abs(fromLinear(toLinear(i / 100)) - i / 100) < 1e-9, true);
});

// Neutral colors are the same in both spaces; pure red of one is not red of the other (CSS Color 4).
for (const [from, to] of [['srgb', 'display-p3'], ['display-p3', 'srgb']] as const) {
  test(`neutral colors stay what they are from ${from} to ${to}`, () => {
    const grays: CopyableImage = { width: 3, height: 1, colorSpace: from, data: [0, 0, 0, 255, 119, 119, 119, 255, 255, 255, 255, 10] };
    deepEqual(convert(grays, { width: 3, height: 1, colorSpace: to }), [...grays.data as number[]]);
  });
}

test('red of sRGB in Display P3, and back', () => {
  const red: CopyableImage = { width: 1, height: 1, colorSpace: 'srgb', data: [255, 0, 0, 255] };
  // color(srgb 1 0 0) is color(display-p3 0.9175 0.2003 0.1386).
  const inP3 = convert(red, { width: 1, height: 1, colorSpace: 'display-p3' });
  deepEqual(inP3, [234, 51, 35, 255]);
  const back = convert({ ...red, colorSpace: 'display-p3', data: inP3 }, { width: 1, height: 1 });
  deepEqual(back, [255, 0, 0, 255]);
});

test('red of Display P3 is beyond sRGB: floats keep that', () => {
  const red: CopyableImage = { width: 1, height: 1, colorSpace: 'display-p3', data: [255, 0, 0, 255] };
  const floats = new Float32Array(Uint8Array.from(convert(red, { width: 1, height: 1, format: 'rgba32float' })).buffer);
  // color(srgb 1.0930 -0.2267 -0.1501).
  for (const [index, expected] of [1.093, -0.2267, -0.1501, 1].entries()) equal(Math.abs((floats[index] as number) - expected) < 1e-3, true, String(floats));
});

for (const flipY of [false, true]) {
  test(`bands of any height make the same texels${flipY ? ', flipped' : ''}`, () => {
    const source = image(5, 12);
    const conversion = { source: { source, origin: { x: 1, y: 1 }, flipY }, destination: { premultipliedAlpha: false, colorSpace: 'srgb' }, width: 4, height: 11, format: 'rgba8unorm' } as unknown as Conversion;
    const whole = convert(source, { x: 1, y: 1, width: 4, height: 11, flipY });
    for (const bandBytes of [0, 15, 16, 17, 48, 11 * 16, 1000]) {
      const bands = bandsOf(conversion, bandBytes);
      deepEqual(bands.flatMap((band) => convertBand(source, conversion, band)), whole);
      deepEqual(bands.every(({ rowCount }) => rowCount * 16 <= Math.max(16, bandBytes)), true);
    }
  });
}

for (const [width, height] of [[0, 0], [4, 0], [0, 4]] as const) {
  test(`a copy of ${width} x ${height} texels has one band`, () => {
    deepEqual(bandsOf({ width, height, format: 'rgba8unorm' } as unknown as Conversion, 1000), [{ top: 0, rowCount: height }]);
  });
}

// What counts as an image.

for (const [what, value, expected] of [
  ['ImageData', { width: 1, height: 1, data: new Uint8ClampedArray(4), colorSpace: 'display-p3' }, 'display-p3'],
  ['an image of bytes', { width: 1, height: 1, data: new Uint8Array(4) }, 'srgb'],
  ['an image with bytes to spare', { width: 1, height: 1, data: new Uint8Array(9) }, 'srgb'],
] as const) {
  test(`${what} is an image`, () => equal(toCopyableImage(value)?.colorSpace, expected));
}

for (const [what, value] of [
  ['null', null],
  ['a number', 1],
  ['an object', {}],
  ['an image with too few bytes', { width: 1, height: 2, data: new Uint8Array(7) }],
  ['an image of floats', { width: 1, height: 1, data: new Float32Array(4) }],
  ['an image without a height', { width: 1, data: new Uint8Array(4) }],
] as const) {
  test(`${what} is no image`, () => equal(toCopyableImage(value), null));
}

test('an object that gives its pixels is asked for them', () => {
  const given = image(2, 2);
  equal(toCopyableImage({ [READ_PIXELS]: () => given }), given);
});

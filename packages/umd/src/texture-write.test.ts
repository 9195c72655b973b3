/** Long texture writes in pieces do what the whole write would do. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { formatBlock } from './format-blocks.ts';
import type { GPUExtent3DDict, GPUOrigin3DDict, GPUTextureAspect, GPUTextureFormat } from './generated/types.gen.ts';
import { Random } from './testing/random.ts';
import { type TextureWrite, type TextureWritePiece, isInsideTexture, splitTextureWrite } from './texture-write.ts';

/** A texture as its blocks, by place: who wrote them is the number of the source byte each began at. */
type Blocks = Map<string, string>;

interface LinearWrite {
  readonly bytes: Uint8Array;
  readonly origin: GPUOrigin3DDict;
  readonly layout: { readonly offset: number; readonly bytesPerRow?: number | undefined; readonly rowsPerImage?: number | undefined };
  readonly size: GPUExtent3DDict;
}

/** What a write does, block by block, straight from the specification. Throws where the data is too short. */
function perform(blocks: Blocks, format: GPUTextureFormat, aspect: GPUTextureAspect, write: LinearWrite): void {
  const block = formatBlock(format, aspect);
  ok(block !== null);
  const { offset, bytesPerRow = 0, rowsPerImage = 0 } = write.layout;
  const columns = Math.ceil(write.size.width / block.width);
  const rows = Math.ceil(write.size.height / block.height);
  for (let z = 0; z < write.size.depthOrArrayLayers; z++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const at = offset + (z * rowsPerImage + row) * bytesPerRow + column * block.bytes;
        ok(at + block.bytes <= write.bytes.length, 'the data is too short');
        const place = [write.origin.x + column * block.width, write.origin.y + row * block.height, write.origin.z + z].join();
        ok(!blocks.has(place), `block ${place} is written twice`);
        blocks.set(place, write.bytes.subarray(at, at + block.bytes).join());
      }
    }
  }
}

const FORMATS: readonly (readonly [GPUTextureFormat, GPUTextureAspect])[] = [
  ['r8unorm', 'all'], ['rg8unorm', 'all'], ['rgba8unorm', 'all'], ['rgba16float', 'all'], ['rgba32float', 'all'], ['stencil8', 'all'],
  ['depth24plus-stencil8', 'stencil-only'], ['depth16unorm', 'all'], ['bc1-rgba-unorm', 'all'], ['bc7-rgba-unorm', 'all'], ['astc-10x6-unorm', 'all'], ['rgb10a2unorm', 'all'],
];

function randomWrite(random: Random): TextureWrite {
  const [format, aspect] = random.pick(FORMATS);
  const block = formatBlock(format, aspect);
  ok(block !== null);
  const [columns, rows, images] = [random.between(1, 12), random.between(1, 9), random.pick([1, 1, 2, 5])];
  const rowBytes = columns * block.bytes;
  const bytesPerRow = rowBytes + random.pick([0, 0, 1, 7, 256]);
  const rowsPerImage = rows + random.pick([0, 0, 1, 3]);
  const offset = random.pick([0, 0, 1, 5, 200]);
  const needed = offset + bytesPerRow * (rowsPerImage * (images - 1) + rows - 1) + rowBytes;
  // Optional where there is but one row, or one image.
  const isOneRow = rows === 1 && images === 1;
  const layout = {
    offset,
    bytesPerRow: isOneRow && random.next() < 0.5 ? undefined : bytesPerRow,
    rowsPerImage: images === 1 && random.next() < 0.5 ? undefined : rowsPerImage,
  };
  return {
    texture: { format },
    destination: { texture: {}, mipLevel: 0, aspect, origin: { x: block.width * random.between(0, 2), y: block.height * random.between(0, 2), z: random.between(0, 2) } } as unknown as TextureWrite['destination'],
    bytes: Uint8Array.from({ length: needed + random.pick([0, 0, 1, 50]) }, () => random.between(0, 255)),
    layout,
    size: { width: columns * block.width, height: rows * block.height, depthOrArrayLayers: images },
  };
}

function blocksOf(write: TextureWrite, pieces: readonly LinearWrite[]): Blocks {
  const blocks: Blocks = new Map();
  for (const piece of pieces) perform(blocks, write.texture.format, write.destination.aspect, piece);
  return blocks;
}

const regressionSeeds: readonly number[] = [];
for (const seed of [1, 2, 3, ...regressionSeeds, Date.now() % 1_000_000]) {
  test(`pieces of any size write what the whole writes, seed ${seed}`, () => {
    const random = new Random(seed);
    for (let round = 0; round < 150; round++) {
      const write = randomWrite(random);
      const pieceBytes = random.between(1, 1500);
      const pieces = splitTextureWrite(write, pieceBytes);
      const whole = blocksOf(write, [{ ...write, origin: write.destination.origin }]);
      deepEqual(blocksOf(write, pieces), whole);
      checkPieces(write, pieces, pieceBytes);
    }
  });
}

function checkPieces(write: TextureWrite, pieces: readonly TextureWritePiece[], pieceBytes: number): void {
  const block = formatBlock(write.texture.format, write.destination.aspect);
  ok(block !== null);
  const rowBytes = (write.size.width / block.width) * block.bytes;
  for (const [index, piece] of pieces.entries()) {
    equal(piece.isFirst, index === 0);
    ok(piece.bytes.byteLength <= Math.max(pieceBytes, rowBytes), `${piece.bytes.byteLength} bytes in a piece of at most ${pieceBytes}`);
    equal(piece.bytes.buffer, write.bytes.buffer, 'nothing is copied');
  }
}

const square = (length: number, depthOrArrayLayers = 1): GPUExtent3DDict => ({ width: length, height: length, depthOrArrayLayers });
function writeOf(options: { readonly bytes: Uint8Array; readonly layout: LinearWrite['layout']; readonly size: GPUExtent3DDict; readonly format?: GPUTextureFormat; readonly aspect?: GPUTextureAspect }): TextureWrite {
  const { bytes, layout, size, format = 'rgba8unorm', aspect = 'all' } = options;
  const destination = { texture: {}, mipLevel: 0, aspect, origin: { x: 0, y: 0, z: 0 } } as unknown as TextureWrite['destination'];
  return { texture: { format }, destination, bytes, layout: { bytesPerRow: undefined, rowsPerImage: undefined, ...layout }, size };
}

test('a short write is passed on as it is, valid or not', () => {
  const write = writeOf({ bytes: new Uint8Array(64), layout: { offset: 3, bytesPerRow: 1 }, size: square(4) });
  const [piece, ...more] = splitTextureWrite(write, 64);
  deepEqual(more, []);
  deepEqual([piece?.bytes, piece?.layout, piece?.size], [write.bytes, write.layout, write.size]);
});

test('what is long but for its margins goes in one piece without them', () => {
  const bytes = Uint8Array.from({ length: 10_000 }, (_, i) => i);
  const pieces = splitTextureWrite(writeOf({ bytes, layout: { offset: 5000, bytesPerRow: 16 }, size: square(4) }), 100);
  deepEqual(pieces.map((piece) => [[...piece.bytes], piece.layout.offset]), [[[...bytes.subarray(5000, 5064)], 0]]);
});

// The host must refuse these, so they reach it; but none of the data that it cannot use.
for (const [what, options] of [
  ['rows that overlap', { layout: { offset: 0, bytesPerRow: 15 }, size: square(4) }],
  ['images that overlap', { layout: { offset: 0, bytesPerRow: 16, rowsPerImage: 3 }, size: square(4, 2) }],
  ['no bytes per row', { layout: { offset: 0 }, size: square(4) }],
  ['no rows per image', { layout: { offset: 0, bytesPerRow: 16 }, size: square(4, 2) }],
  ['an aspect that cannot be copied', { layout: { offset: 0, bytesPerRow: 16 }, size: square(4), format: 'depth24plus' }],
  ['too little data', { layout: { offset: 0, bytesPerRow: 1000 }, size: square(16) }],
  ['an offset behind the data', { layout: { offset: 20_000, bytesPerRow: 16 }, size: square(4) }],
] as const) {
  test(`a long write with ${what} stays whole, without its data`, () => {
    const write = writeOf({ bytes: new Uint8Array(10_000), ...options });
    const [piece, ...more] = splitTextureWrite(write, 100);
    deepEqual(more, []);
    deepEqual([piece?.layout, piece?.size], [write.layout, write.size]);
    equal(piece?.bytes.byteLength, 0);
  });
}

// Three rows of nothing and a fourth need 3 x 16 bytes to lie in, by the specification.
for (const [offset, fits] of [[9952, true], [9953, false]] as const) {
  test(`a long write of no texels at ${offset} is as valid without its data`, () => {
    const [piece, ...more] = splitTextureWrite(writeOf({ bytes: new Uint8Array(10_000), layout: { offset, bytesPerRow: 16 }, size: { width: 0, height: 4, depthOrArrayLayers: 1 } }), 100);
    deepEqual(more, []);
    equal(piece?.bytes.byteLength, 0);
    deepEqual(piece?.layout, fits ? { offset: 0, bytesPerRow: 0, rowsPerImage: 4 } : { offset, bytesPerRow: 16, rowsPerImage: undefined });
  });
}

test('whole images travel together as far as a piece is long', () => {
  // Ten images of 4 rows of 16 bytes, with one row between them.
  const write = writeOf({ bytes: new Uint8Array(10 * 80), layout: { offset: 0, bytesPerRow: 16, rowsPerImage: 5 }, size: square(4, 10) });
  deepEqual(splitTextureWrite(write, 64 + 3 * 80).map(({ origin, size }) => [origin.z, size.depthOrArrayLayers]), [[0, 4], [4, 4], [8, 2]]);
  deepEqual(splitTextureWrite(write, 64 + 3 * 80 - 1).map(({ origin, size }) => [origin.z, size.depthOrArrayLayers]), [[0, 3], [3, 3], [6, 3], [9, 1]]);
  equal(splitTextureWrite(write, 63).length, 20);
});

// Destinations: each rule on its own, both sides of it.

const TEXTURE = { width: 16, height: 16, depthOrArrayLayers: 2, mipLevelCount: 2, dimension: '2d', usage: 2, format: 'rgba8unorm' as GPUTextureFormat };
const inside = (texture: Partial<typeof TEXTURE>, origin: readonly [number, number, number], size: readonly [number, number, number], mipLevel = 0, aspect: GPUTextureAspect = 'all'): boolean =>
  isInsideTexture(
    { ...TEXTURE, ...texture },
    { texture: {}, mipLevel, aspect, origin: { x: origin[0], y: origin[1], z: origin[2] } } as unknown as TextureWrite['destination'],
    { width: size[0], height: size[1], depthOrArrayLayers: size[2] },
  );

for (const [what, expected, actual] of [
  ['the whole of a texture', true, inside({}, [0, 0, 0], [16, 16, 2])],
  ['one column more', false, inside({}, [1, 0, 0], [16, 16, 2])],
  ['one row more', false, inside({}, [0, 1, 0], [16, 16, 2])],
  ['one layer more', false, inside({}, [0, 0, 1], [16, 16, 2])],
  ['the last texel', true, inside({}, [15, 15, 1], [1, 1, 1])],
  ['the whole of a mip level', true, inside({}, [0, 0, 0], [8, 8, 2], 1)],
  ['more than a mip level', false, inside({}, [0, 0, 0], [9, 8, 2], 1)],
  ['a mip level that there is not', false, inside({}, [0, 0, 0], [1, 1, 1], 2)],
  ['a texture that cannot be written', false, inside({ usage: 4 }, [0, 0, 0], [1, 1, 1])],
  ['a depth format that cannot be written', false, inside({ format: 'depth24plus' }, [0, 0, 0], [1, 1, 1])],
  ['a 3D mip level, whose depth halves too', true, inside({ dimension: '3d' }, [0, 0, 0], [8, 8, 1], 1)],
  ['more than a 3D mip level is deep', false, inside({ dimension: '3d' }, [0, 0, 0], [8, 8, 2], 1)],
  ['layers of a mip level, which are as many', true, inside({}, [0, 0, 0], [8, 8, 2], 1)],
  ['the smallest mip level of a flat texture', true, inside({ height: 1, mipLevelCount: 5 }, [0, 0, 0], [1, 1, 1], 4)],
  ['whole blocks', true, inside({ format: 'bc1-rgba-unorm' }, [4, 4, 0], [8, 12, 1])],
  ['a part of a block', false, inside({ format: 'bc1-rgba-unorm' }, [0, 0, 0], [6, 4, 1])],
  ['an origin within a block', false, inside({ format: 'bc1-rgba-unorm' }, [2, 0, 0], [4, 4, 1])],
  ['the physical size of a mip level with a block that is cut', true, inside({ format: 'bc1-rgba-unorm', width: 20, height: 20 }, [8, 8, 0], [4, 4, 1], 1)],
] as const) {
  test(`${what} ${expected ? 'is inside' : 'is not inside'}`, () => equal(actual, expected));
}

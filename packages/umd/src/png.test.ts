/** Decoded by hand: https://www.w3.org/TR/png-3/ */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { encodePng } from './png.ts';

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

/** CRC-32 bit by bit, as the specification defines it, and not by a table. */
function crcOf(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function chunksOf(png: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    equal(png.readUInt32BE(at + 8 + length), crcOf(png.subarray(at + 4, at + 8 + length)), 'the checksum of a chunk');
    chunks.push({ type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

for (const [width, height] of [[1, 1], [3, 2], [1, 300], [257, 5]] as const) {
  test(`an image of ${width} x ${height} pixels`, async () => {
    const data = Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) => (i * 73) ^ (i >> 3));
    const png = Buffer.from(await encodePng({ width, height, data }));
    deepEqual([...png.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    const [header, pixels, end, ...more] = chunksOf(png) as [Chunk, Chunk, Chunk];
    deepEqual([header.type, pixels.type, end.type, end.data.length, more.length], ['IHDR', 'IDAT', 'IEND', 0, 0]);
    deepEqual([header.data.readUInt32BE(0), header.data.readUInt32BE(4), ...header.data.subarray(8)], [width, height, 8, 6, 0, 0, 0]);
    const rows = inflateSync(pixels.data);
    equal(rows.length, height * (1 + width * 4));
    for (let y = 0; y < height; y++) {
      const row = rows.subarray(y * (1 + width * 4), (y + 1) * (1 + width * 4));
      equal(row[0], 0, 'no filter');
      deepEqual([...row.subarray(1)], [...data.subarray(y * width * 4, (y + 1) * width * 4)]);
    }
  });
}

/** https://gpuweb.github.io/gpuweb/#dom-gpuqueue-writebuffer and -writetexture */
import { equal, ok, throws } from 'node:assert/strict';
import { api, bytesOf, contentsOf, equalBytes, errorOf, texelsOf } from './testing/api.ts';

const MIB = 1 << 20;
const OPERATION_ERROR = { name: 'OperationError' };
const bufferOf = (device: GPUDevice, size: number): GPUBuffer => device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC });

function shared<T extends ArrayBufferView>(make: (buffer: SharedArrayBuffer) => T): T {
  const buffer = new SharedArrayBuffer(64);
  new Uint8Array(buffer).set(bytesOf(64));
  return make(buffer);
}
const plain = bytesOf(64).buffer;

// Offsets and sizes count elements of typed arrays, and bytes of everything else.
for (const [what, data, dataOffset, size, begin, length] of [
  ['an ArrayBuffer', plain, undefined, undefined, 0, 64],
  ['a part of an ArrayBuffer', plain, 5, 8, 5, 8],
  ['a SharedArrayBuffer', shared((buffer) => new Uint8Array(buffer)).buffer, 4, undefined, 4, 60],
  ['bytes', bytesOf(64), 3, 4, 3, 4],
  ['bytes of shared memory', shared((buffer) => new Uint8Array(buffer, 8)), 0, 16, 8, 16],
  ['floats', new Float32Array(plain), 2, 3, 8, 12],
  ['floats that begin within their buffer', new Float32Array(plain, 16, 4), 1, 2, 20, 8],
  ['doubles of shared memory', shared((buffer) => new Float64Array(buffer)), 1, 2, 8, 16],
  ['halves of words', new Uint16Array(plain), 2, 2, 4, 4],
  ['long integers', new BigInt64Array(plain), 7, undefined, 56, 8],
  ['a DataView', new DataView(plain, 8, 32), 4, 8, 12, 8],
  ['a DataView of shared memory', shared((buffer) => new DataView(buffer, 4)), 0, 8, 4, 8],
  ['nothing', bytesOf(64), 64, undefined, 64, 0],
] as const) {
  api(`writeBuffer from ${what}`, async (device) => {
    const buffer = bufferOf(device, 64);
    device.queue.writeBuffer(buffer, 0, data as GPUAllowSharedBufferSource, dataOffset, size);
    equalBytes((await contentsOf(device, buffer)).subarray(0, length), bytesOf(64).subarray(begin, begin + length));
  });
}

api('writeBuffer refuses ranges that are not in the data, and odd sizes', async (device) => {
  const buffer = bufferOf(device, 64);
  const write = (data: GPUAllowSharedBufferSource, dataOffset?: number, size?: number): void => device.queue.writeBuffer(buffer, 0, data, dataOffset, size);
  throws(() => write(bytesOf(16), 17), OPERATION_ERROR);
  throws(() => write(bytesOf(16), 8, 12), OPERATION_ERROR);
  throws(() => write(new Float32Array(4), 5), OPERATION_ERROR);
  throws(() => write(new Float32Array(4), 0, 5), OPERATION_ERROR);
  throws(() => write(bytesOf(16), 0, 3), OPERATION_ERROR);
  throws(() => write(bytesOf(15)), OPERATION_ERROR);
  throws(() => write([1, 2, 3, 4] as unknown as GPUAllowSharedBufferSource), TypeError);
  throws(() => write(null as unknown as GPUAllowSharedBufferSource), TypeError);
  throws(() => write(bytesOf(16), -1), TypeError);
});

api('writeBuffer takes the data as it is at the call', async (device) => {
  const buffer = bufferOf(device, 4096);
  for (const size of [16, 4096]) {
    const data = bytesOf(size, 1);
    device.queue.writeBuffer(buffer, 0, data);
    data.fill(0);
    equalBytes((await contentsOf(device, buffer)).subarray(0, size), bytesOf(size, 1));
  }
});

api('a write beyond the buffer, or misaligned, is a validation error', async (device) => {
  const buffer = bufferOf(device, 64);
  equal(await errorOf(device, () => device.queue.writeBuffer(buffer, 60, new Uint8Array(4))), null);
  ok((await errorOf(device, () => device.queue.writeBuffer(buffer, 61, new Uint8Array(4)))) !== null);
  ok((await errorOf(device, () => device.queue.writeBuffer(buffer, 64, new Uint8Array(4)))) !== null);
  ok((await errorOf(device, () => device.queue.writeBuffer(buffer, 2, new Uint8Array(4)))) !== null);
});

// Uploads travel in pieces of a mebibyte. Over shared memory 64 MiB are also all that the heap holds.
for (const size of [MIB - 4, MIB, MIB + 4, 7 * MIB + 12, 64 * MIB]) {
  api(`${size} bytes are written at once`, async (device) => {
    const data = bytesOf(size, 2);
    const buffer = bufferOf(device, size + 16);
    device.queue.writeBuffer(buffer, 8, data);
    const contents = await contentsOf(device, buffer);
    equalBytes(contents.subarray(8, size + 8), data);
    equalBytes(contents.subarray(0, 8), new Uint8Array(8));
    equalBytes(contents.subarray(size + 8), new Uint8Array(8));
    buffer.destroy();
  });
}

// Regions of the heap are used again as soon as the host has executed their packets.
for (const size of [1028, 64 * 1024, 300_000, MIB]) {
  api(`200 writes of ${size} bytes each arrive as they were written`, async (device) => {
    const buffer = bufferOf(device, size);
    const words = new Uint32Array(size / 4);
    for (let round = 0; round < 200; round++) {
      words.fill(round + 1);
      device.queue.writeBuffer(buffer, 0, words);
      // Mixed with writes that stay in the packet, and each seen by a copy of its own.
      device.queue.writeBuffer(buffer, 4 * (round % 256), Uint32Array.of(round + 1000));
    }
    const contents = new Uint32Array((await contentsOf(device, buffer)).slice().buffer);
    equal(contents[199], 1199);
    equal(contents[198], 200);
    equal(contents.subarray(200).every((word) => word === 200), true);
    buffer.destroy();
  });
}

api('a long write that is wrong is one error, and writes nothing', async (device, { uncaptured }) => {
  const data = bytesOf(20 * MIB, 3);
  const buffer = bufferOf(device, 20 * MIB);
  const attempts: readonly (() => void)[] = [
    () => device.queue.writeBuffer(buffer, 4, data),
    () => device.queue.writeBuffer(buffer, 2, data.subarray(0, 16 * MIB)),
    () => device.queue.writeBuffer(device.createBuffer({ size: 20 * MIB, usage: GPUBufferUsage.VERTEX }), 0, data),
  ];
  for (const attempt of attempts) {
    attempt();
    await device.queue.onSubmittedWorkDone();
    equal(uncaptured.splice(0).length, 1);
  }
  equalBytes((await contentsOf(device, buffer)).subarray(0, 64), new Uint8Array(64));
  buffer.destroy();
  device.queue.writeBuffer(buffer, 0, data);
  await device.queue.onSubmittedWorkDone();
  ok(uncaptured.splice(0).length <= 1);
});

// Textures.

const textureOf = (device: GPUDevice, size: GPUExtent3DStrict, options: Partial<GPUTextureDescriptor> = {}): GPUTexture =>
  device.createTexture({ size, format: 'rgba8unorm', usage: GPUTextureUsage.COPY_DST | GPUTextureUsage.COPY_SRC, ...options });

api('a texture is written from rows with a gap, at an offset, into a part of it', async (device) => {
  const texture = textureOf(device, [4, 4]);
  const data = bytesOf(100, 4);
  device.queue.writeTexture({ texture, origin: [1, 2] }, data, { offset: 10, bytesPerRow: 20 }, [2, 2]);
  const expected = new Uint8Array(64);
  for (const row of [0, 1]) expected.set(data.subarray(10 + row * 20, 18 + row * 20), (row + 2) * 16 + 4);
  equalBytes(await texelsOf(device, texture), expected);
});

api('a texture is written from a view of shared memory', async (device) => {
  const texture = textureOf(device, [2, 2]);
  device.queue.writeTexture({ texture }, shared((buffer) => new Uint16Array(buffer, 8, 16)), { bytesPerRow: 8 }, { width: 2, height: 2 });
  equalBytes(await texelsOf(device, texture), bytesOf(64).subarray(8, 24));
});

api('layers and mip levels are written each for itself', async (device) => {
  const texture = textureOf(device, [4, 4, 3], { mipLevelCount: 2 });
  const data = bytesOf(64 * 2, 5);
  device.queue.writeTexture({ texture, origin: { z: 1 } }, data, { bytesPerRow: 16, rowsPerImage: 4 }, [4, 4, 2]);
  device.queue.writeTexture({ texture, mipLevel: 1, origin: [0, 0, 2] }, bytesOf(16, 6), { bytesPerRow: 8 }, [2, 2]);
  equalBytes(await texelsOf(device, texture, { origin: { z: 2 } }), data.subarray(64));
  equalBytes(await texelsOf(device, texture, { origin: { z: 0 } }), new Uint8Array(64));
  equalBytes(await texelsOf(device, texture, { origin: { z: 2 }, mipLevel: 1 }), bytesOf(16, 6));
});

api('a texture of more than 8 MiB is written at once', async (device) => {
  // Rows of 1,300 texels, so that no piece ends where an image does; 20 MiB with a gap of 4 bytes a row.
  const [width, height] = [1300, 3333];
  const texture = textureOf(device, [width, height]);
  const bytesPerRow = width * 4 + 4;
  const data = bytesOf(bytesPerRow * height - 4, 7);
  device.queue.writeTexture({ texture }, data, { bytesPerRow }, [width, height]);
  const expected = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) expected.set(data.subarray(y * bytesPerRow, y * bytesPerRow + width * 4), y * width * 4);
  equalBytes(await texelsOf(device, texture), expected);
  texture.destroy();
});

api('a 3D texture of more than 8 MiB is written at once', async (device) => {
  const texture = textureOf(device, [160, 160, 150], { dimension: '3d' });
  const imageBytes = 160 * 160 * 4;
  const data = bytesOf(imageBytes * 150, 8);
  device.queue.writeTexture({ texture }, data, { bytesPerRow: 640, rowsPerImage: 160 }, [160, 160, 150]);
  for (const z of [0, 80, 81, 82, 149]) equalBytes(await texelsOf(device, texture, { origin: { z } }), data.subarray(z * imageBytes, (z + 1) * imageBytes));
  texture.destroy();
});

api('a small write from a large view sends no more than it needs', async (device) => {
  const texture = textureOf(device, [2, 2]);
  const heap = new Uint8Array(100 * MIB);
  heap.set(bytesOf(16, 9), 90 * MIB + 1);
  device.queue.writeTexture({ texture }, heap, { offset: 90 * MIB + 1, bytesPerRow: 8 }, [2, 2]);
  equalBytes(await texelsOf(device, texture), bytesOf(16, 9));
});

for (const [what, layout, size] of [
  ['too little data', { bytesPerRow: 5000 }, [1200, 5000]],
  ['no bytes per row', {}, [1200, 1200]],
  ['rows that overlap', { bytesPerRow: 4 }, [1200, 1200]],
  ['texels beyond the texture', { bytesPerRow: 4 * 1300 }, [1300, 1200]],
  ['layers beyond the texture', { bytesPerRow: 4 * 1200, rowsPerImage: 1200 }, [1200, 1200, 2]],
] as const) {
  api(`a long write of ${what} is one error`, async (device, { uncaptured }) => {
    const texture = textureOf(device, [1200, 1200]);
    device.queue.writeTexture({ texture }, new Uint8Array(80 * MIB), layout, size);
    await device.queue.onSubmittedWorkDone();
    equal(uncaptured.splice(0).length, 1);
    texture.destroy();
  });
}

api('formats whose feature the device lacks are TypeErrors', async (device) => {
  for (const format of ['bc1-rgba-unorm', 'astc-4x4-unorm', 'etc2-rgb8unorm', 'depth32float-stencil8'] as const) {
    throws(() => textureOf(device, [4, 4], { format }), TypeError);
  }
});

/** https://gpuweb.github.io/gpuweb/#dom-gpuqueue-copyexternalimagetotexture */
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { api, equalBytes, errorOf, texelsOf } from './testing/api.ts';

interface Image {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
  readonly colorSpace?: string;
}

/** Pixel (x, y) is [8x, 8y, 100, 255]. */
function image(width: number, height: number): Image {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set([x * 8, y * 8, 100, 255], (y * width + x) * 4);
  return { width, height, data };
}

const source = (from: Image, rest: Partial<GPUCopyExternalImageSourceInfo> = {}): GPUCopyExternalImageSourceInfo => ({ source: from as unknown as GPUCopyExternalImageSource, ...rest });

const { COPY_DST, COPY_SRC, RENDER_ATTACHMENT, TEXTURE_BINDING } = { COPY_SRC: 1, COPY_DST: 2, TEXTURE_BINDING: 4, RENDER_ATTACHMENT: 16 };
function textureOf(device: GPUDevice, size: GPUExtent3DStrict, options: Partial<GPUTextureDescriptor> = {}): GPUTexture {
  return device.createTexture({ size, format: 'rgba8unorm', usage: COPY_DST | COPY_SRC | RENDER_ATTACHMENT, ...options });
}

async function pixelAt(device: GPUDevice, texture: GPUTexture, x: number, y: number): Promise<number[]> {
  const texels = await texelsOf(device, texture);
  return [...texels.subarray((y * texture.width + x) * 4, (y * texture.width + x) * 4 + 4)];
}

api('an image is copied whole', async (device) => {
  const texture = textureOf(device, [8, 4]);
  device.queue.copyExternalImageToTexture(source(image(8, 4)), { texture }, [8, 4]);
  equalBytes(await texelsOf(device, texture), new Uint8Array(image(8, 4).data.buffer as ArrayBuffer));
});

api('a part of an image goes to a part of a texture, and no further', async (device) => {
  const texture = textureOf(device, [8, 8]);
  device.queue.copyExternalImageToTexture(source(image(8, 8), { origin: [2, 3] }), { texture, origin: { x: 5, y: 1 } }, { width: 2, height: 4 });
  deepEqual(await pixelAt(device, texture, 5, 1), [16, 24, 100, 255]);
  deepEqual(await pixelAt(device, texture, 6, 4), [24, 48, 100, 255]);
  for (const [x, y] of [[4, 1], [7, 1], [5, 0], [5, 5]] as const) deepEqual(await pixelAt(device, texture, x, y), [0, 0, 0, 0]);
});

api('an image is turned upside down on demand', async (device) => {
  const texture = textureOf(device, [2, 4]);
  device.queue.copyExternalImageToTexture(source(image(2, 4), { flipY: true }), { texture }, [2, 4]);
  deepEqual(await pixelAt(device, texture, 1, 0), [8, 24, 100, 255]);
  deepEqual(await pixelAt(device, texture, 1, 3), [8, 0, 100, 255]);
});

api('colors are multiplied by alpha on demand', async (device) => {
  const half: Image = { width: 1, height: 1, data: Uint8ClampedArray.of(255, 128, 0, 51) };
  const texture = textureOf(device, [1, 1]);
  device.queue.copyExternalImageToTexture(source(half), { texture }, [1, 1]);
  deepEqual(await pixelAt(device, texture, 0, 0), [255, 128, 0, 51]);
  device.queue.copyExternalImageToTexture(source(half), { texture, premultipliedAlpha: true }, [1]);
  deepEqual(await pixelAt(device, texture, 0, 0), [51, 26, 0, 51]);
});

// The texels that a white pixel with three quarters of red becomes.
for (const [format, expected] of [
  ['rgba8unorm-srgb', [191, 255, 255, 255]],
  ['bgra8unorm', [255, 255, 191, 255]],
  ['rg8unorm', [191, 255]],
  ['r8unorm', [191]],
  ['r32float', [...new Uint8Array(Float32Array.of(191 / 255).buffer)]],
  ['rgba16float', [0xfe, 0x39, 0, 0x3c, 0, 0x3c, 0, 0x3c]],
  ['rgb10a2unorm', [0xfe, 0xfe, 0xff, 0xff]],
] as const) {
  api(`an image as ${format}`, async (device) => {
    const texture = textureOf(device, [1, 1], { format });
    device.queue.copyExternalImageToTexture(source({ width: 1, height: 1, data: Uint8ClampedArray.of(191, 255, 255, 255) }), { texture }, [1, 1]);
    deepEqual([...(await texelsOf(device, texture, { texelBytes: expected.length }))], expected);
  });
}

api('layers and mip levels can be copied to', async (device) => {
  const texture = textureOf(device, [4, 4, 2], { mipLevelCount: 2 });
  device.queue.copyExternalImageToTexture(source(image(2, 2)), { texture, mipLevel: 1, origin: { z: 1 } }, [2, 2]);
  deepEqual([...(await texelsOf(device, texture, { mipLevel: 1, origin: { z: 1 } }))].slice(12), [8, 8, 100, 255]);
});

// Pixels travel in bands of 8 MiB; 64 MiB are all that the heap or a packet holds.
api('an image of more than 64 MiB is copied, turned and in its place', async (device) => {
  const [width, height] = [2048, 2052];
  const data = new Uint8ClampedArray(width * height * 4);
  const words = new Uint32Array(data.buffer);
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i, 0x9e3779b1) | 0xff000000;
  const texture = textureOf(device, [width, height + 8], { format: 'rgba32float' });
  device.queue.copyExternalImageToTexture(source({ width, height, data }, { flipY: true }), { texture, origin: [0, 8] }, [width, height]);
  const texels = new Float32Array((await texelsOf(device, texture, { texelBytes: 16 })).buffer);
  const wrong: string[] = [];
  for (let y = 0; y < height; y += 97) {
    for (const x of [0, 1, 2047]) {
      const [from, to] = [(height - 1 - y) * width + x, (y + 8) * width + x];
      for (let channel = 0; channel < 4; channel++) {
        if (Math.round((texels[to * 4 + channel] as number) * 255) !== data[from * 4 + channel]) wrong.push(`(${x}, ${y}).${channel}`);
      }
    }
  }
  deepEqual(wrong, []);
  deepEqual([...texels.subarray(0, 4)], [0, 0, 0, 0]);
  texture.destroy();
});

api('a long copy that is wrong is one error', async (device, { uncaptured }) => {
  const big = { width: 2048, height: 2048, data: new Uint8ClampedArray(2048 * 2048 * 4) };
  const texture = textureOf(device, [2048, 2047]);
  device.queue.copyExternalImageToTexture(source(big), { texture }, [2048, 2048]);
  await device.queue.onSubmittedWorkDone();
  equal(uncaptured.splice(0).length, 1);
  const unfit = device.createTexture({ size: [2048, 2048], format: 'rgba8unorm', usage: COPY_DST });
  device.queue.copyExternalImageToTexture(source(big), { texture: unfit }, [2048, 2048]);
  await device.queue.onSubmittedWorkDone();
  equal(uncaptured.splice(0).length, 1);
});

api('ranges outside of the image are OperationErrors', async (device) => {
  const texture = textureOf(device, [8, 8]);
  const copy = (origin: GPUOrigin2DStrict, size: GPUExtent3DStrict): void => device.queue.copyExternalImageToTexture(source(image(4, 4), { origin }), { texture }, size);
  throws(() => copy([0, 0], [5, 4]), { name: 'OperationError' });
  throws(() => copy([1, 0], [4, 4]), { name: 'OperationError' });
  throws(() => copy([0, 4], [4, 1]), { name: 'OperationError' });
  throws(() => copy([0, 0], [4, 4, 2]), { name: 'OperationError' });
  copy([4, 4], [0, 0]);
});

for (const [what, options, size] of [
  ['a texture without COPY_DST', { usage: RENDER_ATTACHMENT }, [4, 4]],
  ['a texture without RENDER_ATTACHMENT', { usage: COPY_DST | TEXTURE_BINDING }, [4, 4]],
  ['a format that images cannot have', { format: 'rgba8uint' }, [4, 4]],
  ['a depth format', { format: 'depth32float' }, [4, 4]],
  ['a multisampled texture', { sampleCount: 4, usage: RENDER_ATTACHMENT | TEXTURE_BINDING }, [4, 4]],
  ['texels beyond the texture', {}, [5, 4]],
] as const) {
  api(`a copy to ${what} is a validation error`, async (device) => {
    const texture = textureOf(device, [4, 4], options);
    ok((await errorOf(device, () => device.queue.copyExternalImageToTexture(source(image(8, 8)), { texture }, size))) !== null);
  });
}

api('what is no image is a TypeError', async (device) => {
  const texture = textureOf(device, [4, 4]);
  for (const value of [undefined, null, {}, { width: 4, height: 4 }, { width: 4, height: 4, data: new Uint8Array(4) }, 'image', new Uint8Array(64)]) {
    throws(() => device.queue.copyExternalImageToTexture({ source: value as unknown as GPUCopyExternalImageSource }, { texture }, [4, 4]), TypeError);
  }
});

// From a texture on the GPU to pixels here, and from those to a PNG file.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { encode } from 'fast-png';

/**
 * Reads an rgba8unorm or bgra8unorm texture with COPY_SRC usage.
 * @returns {Promise<Uint8Array>} rows from the top, four bytes a pixel: red, green, blue, alpha
 */
export async function readPixels(device, texture) {
  const { width, height, format } = texture;
  const rowBytes = width * 4;
  const bytesPerRow = Math.ceil(rowBytes / 256) * 256; // copies to buffers need rows aligned to this
  const buffer = device.createBuffer({
    size: bytesPerRow * height,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  const encoder = device.createCommandEncoder();
  encoder.copyTextureToBuffer({ texture }, { buffer, bytesPerRow }, [width, height]);
  device.queue.submit([encoder.finish()]);
  await buffer.mapAsync(GPUMapMode.READ);
  const padded = new Uint8Array(buffer.getMappedRange());
  const pixels = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) {
    pixels.set(padded.subarray(y * bytesPerRow, y * bytesPerRow + rowBytes), y * rowBytes);
  }
  buffer.destroy();
  if (format.startsWith('bgra')) {
    for (let i = 0; i < pixels.length; i += 4) [pixels[i], pixels[i + 2]] = [pixels[i + 2], pixels[i]];
  }
  return pixels;
}

/** Writes opaque pixels, as readPixels gives them. */
export async function writePng(path, width, height, pixels) {
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) rgb.set(pixels.subarray(i * 4, i * 4 + 3), i * 3);
  await writeFile(path, encode({ width, height, data: rgb, channels: 3 }));
}

/** The hash by which two runs' pictures or states are compared bit for bit. */
export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

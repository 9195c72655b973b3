/** Reads a 2D texture of a canvas format as RGBA bytes, through the same API that programs use. */
import type { Texture } from './objects/texture.ts';

const MAP_READ_COPY_DST = 0x1 | 0x8;
const MAP_READ = 1;
/** WebGPU's alignment of rows in buffer copies. */
const ROW_ALIGNMENT = 256;

export async function readTexturePixels(texture: Texture, opaque: boolean): Promise<Uint8ClampedArray> {
  const { device, width, height, format } = texture;
  const texelBytes = format === 'rgba16float' ? 8 : 4;
  const bytesPerRow = Math.ceil((width * texelBytes) / ROW_ALIGNMENT) * ROW_ALIGNMENT;
  const buffer = device.createBuffer({ label: '', size: bytesPerRow * height, usage: MAP_READ_COPY_DST, mappedAtCreation: false });
  const encoder = device.createCommandEncoder({ label: '' });
  encoder.copyTextureToBuffer(
    { texture, mipLevel: 0, origin: { x: 0, y: 0, z: 0 }, aspect: 'all' },
    { buffer, offset: 0, bytesPerRow, rowsPerImage: height },
    { width, height, depthOrArrayLayers: 1 },
  );
  device.queue.submit([encoder.finish({ label: '' })]);
  await buffer.mapAsync(MAP_READ, 0, undefined);
  const view = new DataView(buffer.getMappedRange(0, undefined));
  const pixels = new Uint8ClampedArray(width * height * 4);
  const read = format === 'rgba16float' ? readHalf : readByte;
  const swap = format.startsWith('bgra');
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) writePixel({ pixels, at: (y * width + x) * 4, opaque, swap }, (channel) => read(view, y * bytesPerRow + x * texelBytes, channel));
  }
  buffer.destroy();
  return pixels;
}

function readByte(view: DataView, at: number, channel: number): number {
  return view.getUint8(at + channel) / 255;
}

function readHalf(view: DataView, at: number, channel: number): number {
  const bits = view.getUint16(at + channel * 2, true);
  const exponent = (bits >> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  const magnitude = exponent === 0 ? mantissa * 2 ** -24 : exponent === 31 ? (mantissa === 0 ? Infinity : NaN) : (1 + mantissa / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -magnitude : magnitude;
}

interface PixelTarget {
  readonly pixels: Uint8ClampedArray;
  readonly at: number;
  readonly opaque: boolean;
  readonly swap: boolean;
}

/** Canvas content is premultiplied; files and ImageData are not. */
function writePixel({ pixels, at, opaque, swap }: PixelTarget, channel: (index: number) => number): void {
  const alpha = opaque ? 1 : channel(3);
  const scale = alpha === 0 ? 0 : 255 / alpha;
  pixels[at] = channel(swap ? 2 : 0) * scale;
  pixels[at + 1] = channel(1) * scale;
  pixels[at + 2] = channel(swap ? 0 : 2) * scale;
  pixels[at + 3] = alpha * 255;
}

/**
 * Images that programs copy to textures, and their conversion to a texture's format.
 * https://gpuweb.github.io/gpuweb/#dom-gpuqueue-copyexternalimagetotexture
 */
import type * as T from './generated/types.gen.ts';
import { encodeTexel, isEncodableFormat } from './texel-encoding.ts';

/** Not premultiplied RGBA of one byte a channel in `colorSpace`, rows from the top. */
export interface CopyableImage {
  readonly width: number;
  readonly height: number;
  readonly colorSpace: string;
  readonly data: ArrayLike<number>;
}

/** An object that can give its pixels: the virtual canvas, or a canvas or image of a library. */
export const READ_PIXELS = Symbol.for('gpup.readPixels');

interface PixelSource {
  [READ_PIXELS](): CopyableImage;
}

/** ImageData and whatever has its shape, or a source of pixels; null for anything else. */
export function toCopyableImage(v: unknown): CopyableImage | null {
  if (typeof v !== 'object' || v === null) return null;
  if (READ_PIXELS in v) return (v as PixelSource)[READ_PIXELS]();
  const { width, height, data, colorSpace } = v as Record<string, unknown>;
  if (typeof width !== 'number' || typeof height !== 'number') return null;
  if (!(data instanceof Uint8ClampedArray) && !(data instanceof Uint8Array)) return null;
  if (data.length < width * height * 4) return null;
  return { width, height, data, colorSpace: typeof colorSpace === 'string' ? colorSpace : 'srgb' };
}

export const isCopyFormat = isEncodableFormat;

export interface Conversion {
  readonly source: T.GPUCopyExternalImageSourceInfo;
  readonly destination: T.GPUCopyExternalImageDestInfo;
  /** Of the whole copy. */
  readonly width: number;
  readonly height: number;
  readonly format: T.GPUTextureFormat;
}

/** Rows of the destination, counted from the origin of the copy. */
export interface Band {
  readonly top: number;
  readonly rowCount: number;
}

export interface BandOfImage {
  readonly image: CopyableImage;
  readonly conversion: Conversion;
  readonly band: Band;
}

/** The copy in bands of at most `bandBytes`, or of one row. Also a copy of nothing has a band. */
export function bandsOf({ width, height, format }: Conversion, bandBytes: number): Band[] {
  const rowsAtOnce = Math.max(1, Math.floor(bandBytes / Math.max(1, width * encodeTexel(format).texelBytes)));
  const bands: Band[] = [];
  for (let top = 0; top === 0 || top < height; top += rowsAtOnce) bands.push({ top, rowCount: Math.min(rowsAtOnce, height - top) });
  return bands;
}

/** Bytes of a row of converted texels, which are tightly packed. */
export function convertedRowBytes({ width, format }: Conversion): number {
  return width * encodeTexel(format).texelBytes;
}

/** Writes the texels of a band, all the bytes of `bytes`. */
export function convertPixels(bytes: Uint8Array, { image, conversion, band }: BandOfImage): void {
  const { destination, width, format } = conversion;
  if (isVerbatim(conversion, image)) {
    copyRows(bytes, { image, conversion, band });
    return;
  }
  const encode = encodeTexel(format);
  const bytesPerRow = convertedRowBytes(conversion);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const convertColor = colorConversion(image.colorSpace, destination.colorSpace);
  const rgba = [0, 0, 0, 0] as [number, number, number, number];
  for (let y = 0; y < band.rowCount; y++) {
    let at = rowStart(image, conversion, band.top + y);
    for (let x = 0; x < width; x++, at += 4) {
      for (let channel = 0; channel < 4; channel++) rgba[channel] = (image.data[at + channel] as number) / 255;
      convertColor(rgba);
      if (destination.premultipliedAlpha) for (let channel = 0; channel < 3; channel++) rgba[channel] = (rgba[channel] as number) * rgba[3];
      encode.write(view, y * bytesPerRow + x * encode.texelBytes, rgba);
    }
  }
}

/** Whether reading the image runs no code of the program's. */
export function hasPlainPixels({ data }: CopyableImage): boolean {
  return data instanceof Uint8ClampedArray || data instanceof Uint8Array;
}

/** Where the row of the image begins that a row of the copy comes from. */
function rowStart(image: CopyableImage, { source, height }: Conversion, row: number): number {
  const fromTop = source.origin.y + (source.flipY ? height - 1 - row : row);
  return (fromTop * image.width + source.origin.x) * 4;
}

/** The common case by far: texels are the image's bytes. A hundred times faster than through colors. */
function isVerbatim({ destination, format }: Conversion, image: CopyableImage): boolean {
  return hasPlainPixels(image) && (format === 'rgba8unorm' || format === 'rgba8unorm-srgb') && !destination.premultipliedAlpha && image.colorSpace === destination.colorSpace;
}

function copyRows(bytes: Uint8Array, { image, conversion, band }: BandOfImage): void {
  const { buffer, byteOffset, byteLength } = image.data as Uint8Array;
  // From clamped bytes a copy would go byte by byte.
  const data = new Uint8Array(buffer, byteOffset, byteLength);
  const rowBytes = conversion.width * 4;
  for (let y = 0; y < band.rowCount; y++) {
    const begin = rowStart(image, conversion, band.top + y);
    bytes.set(data.subarray(begin, begin + rowBytes), y * rowBytes);
  }
}

type Rgba = [number, number, number, number];

/** sRGB and Display P3 share the transfer function and differ in primaries (CSS Color 4, section 10). */
const SRGB_TO_P3 = [0.8224619688, 0.1775380312, 0, 0.0331941989, 0.9668058011, 0, 0.0170826307, 0.0723974407, 0.9105199286];
const P3_TO_SRGB = [1.2249401763, -0.2249401763, 0, -0.0420569549, 1.0420569549, 0, -0.0196375546, -0.0786360454, 1.0982736];

function colorConversion(from: string, to: string): (rgba: Rgba) => void {
  if (from === to) return () => {};
  const matrix = from === 'srgb' ? SRGB_TO_P3 : P3_TO_SRGB;
  const m = (row: number, r: number, g: number, b: number): number =>
    (matrix[row] as number) * r + (matrix[row + 1] as number) * g + (matrix[row + 2] as number) * b;
  return (rgba) => {
    const [r, g, b] = [toLinear(rgba[0]), toLinear(rgba[1]), toLinear(rgba[2])];
    rgba[0] = fromLinear(m(0, r, g, b));
    rgba[1] = fromLinear(m(3, r, g, b));
    rgba[2] = fromLinear(m(6, r, g, b));
  };
}

export function toLinear(v: number): number {
  const a = Math.abs(v);
  return Math.sign(v) * (a <= 0.04045 ? a / 12.92 : ((a + 0.055) / 1.055) ** 2.4);
}

export function fromLinear(v: number): number {
  const a = Math.abs(v);
  return Math.sign(v) * (a <= 0.0031308 ? a * 12.92 : 1.055 * a ** (1 / 2.4) - 0.055);
}

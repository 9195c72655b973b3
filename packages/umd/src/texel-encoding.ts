/** Writes one color as a texel of the formats that external images can be copied to. */
import type * as T from './generated/types.gen.ts';

type Rgba = readonly [number, number, number, number];

export interface TexelEncoding {
  readonly texelBytes: number;
  write(view: DataView, at: number, rgba: Rgba): void;
}

/** Round half to even does not matter here: sources have 8 bits, ties occur only through alpha. */
const unorm = (v: number, max: number): number => Math.round(Math.min(Math.max(v, 0), 1) * max);

function perChannel(count: number, bytes: number, write: (view: DataView, at: number, v: number) => void, order: readonly number[] = [0, 1, 2, 3]): TexelEncoding {
  return {
    texelBytes: count * bytes,
    write(view, at, rgba) {
      for (let i = 0; i < count; i++) write(view, at + i * bytes, rgba[order[i] as number] as number);
    },
  };
}

const u8 = (view: DataView, at: number, v: number): void => view.setUint8(at, unorm(v, 0xff));
const u16 = (view: DataView, at: number, v: number): void => view.setUint16(at, unorm(v, 0xffff), true);
const f16 = (view: DataView, at: number, v: number): void => view.setUint16(at, toHalf(v), true);
const f32 = (view: DataView, at: number, v: number): void => view.setFloat32(at, v, true);

const scratch = new DataView(new ArrayBuffer(4));

/** IEEE 754 binary16, round to nearest even. */
export function toHalf(v: number): number {
  scratch.setFloat32(0, v);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127 + 15;
  const mantissa = bits & 0x7fffff;
  if (exponent >= 31) return sign | 0x7c00 | (((bits >>> 23) & 0xff) === 0xff && mantissa !== 0 ? 0x200 : 0);
  if (exponent <= 0) {
    if (exponent < -10) return sign;
    const shift = 14 - exponent;
    const full = mantissa | 0x800000;
    const half = full >>> shift;
    const rest = full & ((1 << shift) - 1);
    const middle = 1 << (shift - 1);
    return sign | (half + (rest > middle || (rest === middle && (half & 1) === 1) ? 1 : 0));
  }
  const half = (exponent << 10) | (mantissa >>> 13);
  const rest = mantissa & 0x1fff;
  return sign | (half + (rest > 0x1000 || (rest === 0x1000 && (half & 1) === 1) ? 1 : 0));
}

const ENCODINGS: Readonly<Record<string, TexelEncoding>> = {
  r8unorm: perChannel(1, 1, u8),
  rg8unorm: perChannel(2, 1, u8),
  // The value is stored as it is: the image's encoding and the format's are both sRGB.
  rgba8unorm: perChannel(4, 1, u8),
  'rgba8unorm-srgb': perChannel(4, 1, u8),
  bgra8unorm: perChannel(4, 1, u8, [2, 1, 0, 3]),
  'bgra8unorm-srgb': perChannel(4, 1, u8, [2, 1, 0, 3]),
  r16unorm: perChannel(1, 2, u16),
  rg16unorm: perChannel(2, 2, u16),
  rgba16unorm: perChannel(4, 2, u16),
  r16float: perChannel(1, 2, f16),
  rg16float: perChannel(2, 2, f16),
  rgba16float: perChannel(4, 2, f16),
  r32float: perChannel(1, 4, f32),
  rg32float: perChannel(2, 4, f32),
  rgba32float: perChannel(4, 4, f32),
  rgb10a2unorm: {
    texelBytes: 4,
    write(view, at, [r, g, b, a]) {
      view.setUint32(at, (unorm(r, 1023) | (unorm(g, 1023) << 10) | (unorm(b, 1023) << 20) | (unorm(a, 3) << 30)) >>> 0, true);
    },
  },
};

export function isEncodableFormat(format: T.GPUTextureFormat): boolean {
  return Object.hasOwn(ENCODINGS, format);
}

export function encodeTexel(format: T.GPUTextureFormat): TexelEncoding {
  const encoding = ENCODINGS[format];
  if (encoding === undefined) throw new TypeError(`Images cannot be copied to textures of format '${format}'.`);
  return encoding;
}

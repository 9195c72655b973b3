/** Texel blocks of texture formats: https://gpuweb.github.io/gpuweb/#texture-format-caps */
import type * as T from './generated/types.gen.ts';

export interface TexelBlock {
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
}

const CHANNEL_BITS = /^(rgba|rg|r|bgra)(8|16|32)/;
const CHANNELS: Readonly<Record<string, number>> = { r: 1, rg: 2, rgba: 4, bgra: 4 };
const DEPTH_BYTES: Readonly<Record<string, number>> = { depth16unorm: 2, depth32float: 4 };

/** The block of a format's aspect as copies see it, or null where no copy of it is allowed. */
export function formatBlock(format: T.GPUTextureFormat, aspect: T.GPUTextureAspect): TexelBlock | null {
  const texel = (bytes: number): TexelBlock => ({ width: 1, height: 1, bytes });
  if (format.includes('stencil8') && (aspect === 'stencil-only' || format === 'stencil8')) return texel(1);
  if (format.startsWith('depth')) {
    const bytes = DEPTH_BYTES[format === 'depth32float-stencil8' && aspect === 'depth-only' ? 'depth32float' : format];
    return bytes === undefined ? null : texel(bytes);
  }
  if (format.startsWith('rgb9e5') || format.startsWith('rgb10a2') || format.startsWith('rg11b10')) return texel(4);
  const plain = CHANNEL_BITS.exec(format);
  if (plain !== null) return texel(((CHANNELS[plain[1] as string] as number) * Number(plain[2])) / 8);
  return compressedBlock(format);
}

function compressedBlock(format: string): TexelBlock | null {
  const astc = /^astc-(\d+)x(\d+)/.exec(format);
  if (astc !== null) return { width: Number(astc[1]), height: Number(astc[2]), bytes: 16 };
  const halfSize = /^(bc1-|bc4-|etc2-rgb8|eac-r11)/.test(format);
  if (/^(bc|etc2|eac)/.test(format)) return { width: 4, height: 4, bytes: halfSize ? 8 : 16 };
  return null;
}

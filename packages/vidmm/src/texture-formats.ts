/**
 * Footprints of texture formats.
 *
 * Source: https://gpuweb.github.io/gpuweb/#texture-format-caps. Where the specification leaves the
 * memory of a depth or stencil format to the implementation, the table has the larger of Dawn's choices.
 */
export interface FormatTraits {
  readonly blockBytes: number;
  readonly blockWidth: number;
  readonly blockHeight: number;
  readonly isDepthOrStencil: boolean;
}

const BLOCK_BYTES: Readonly<Record<number, readonly string[]>> = {
  1: ['r8unorm', 'r8snorm', 'r8uint', 'r8sint'],
  2: ['r16unorm', 'r16snorm', 'r16uint', 'r16sint', 'r16float', 'rg8unorm', 'rg8snorm', 'rg8uint', 'rg8sint'],
  4: [
    ...['r32uint', 'r32sint', 'r32float', 'rg16unorm', 'rg16snorm', 'rg16uint', 'rg16sint', 'rg16float'],
    ...['rgba8unorm', 'rgba8unorm-srgb', 'rgba8snorm', 'rgba8uint', 'rgba8sint', 'bgra8unorm', 'bgra8unorm-srgb'],
    ...['rgb9e5ufloat', 'rgb10a2uint', 'rgb10a2unorm', 'rg11b10ufloat'],
  ],
  8: ['rg32uint', 'rg32sint', 'rg32float', 'rgba16unorm', 'rgba16snorm', 'rgba16uint', 'rgba16sint', 'rgba16float'],
  16: ['rgba32uint', 'rgba32sint', 'rgba32float'],
};

const DEPTH_STENCIL_BYTES: Readonly<Record<string, number>> = {
  // Direct3D 12 has no format of a stencil alone: DXGI_FORMAT_D24_UNORM_S8_UINT.
  stencil8: 4,
  depth16unorm: 2,
  depth24plus: 4,
  // D32_FLOAT_S8X24 or VK_FORMAT_D32_SFLOAT_S8_UINT.
  'depth24plus-stencil8': 8,
  depth32float: 4,
  'depth32float-stencil8': 8,
};

const COMPRESSED_4X4_BYTES: Readonly<Record<number, readonly string[]>> = {
  8: [
    ...['bc1-rgba-unorm', 'bc1-rgba-unorm-srgb', 'bc4-r-unorm', 'bc4-r-snorm'],
    ...['etc2-rgb8unorm', 'etc2-rgb8unorm-srgb', 'etc2-rgb8a1unorm', 'etc2-rgb8a1unorm-srgb', 'eac-r11unorm', 'eac-r11snorm'],
  ],
  16: [
    ...['bc2-rgba-unorm', 'bc2-rgba-unorm-srgb', 'bc3-rgba-unorm', 'bc3-rgba-unorm-srgb', 'bc5-rg-unorm', 'bc5-rg-snorm'],
    ...['bc6h-rgb-ufloat', 'bc6h-rgb-float', 'bc7-rgba-unorm', 'bc7-rgba-unorm-srgb'],
    ...['etc2-rgba8unorm', 'etc2-rgba8unorm-srgb', 'eac-rg11unorm', 'eac-rg11snorm'],
  ],
};

const ASTC_BLOCKS = ['4x4', '5x4', '5x5', '6x5', '6x6', '8x5', '8x6', '8x8', '10x5', '10x6', '10x8', '10x10', '12x10', '12x12'];
const ASTC_BLOCK_BYTES = 16;

export const TEXTURE_FORMATS: ReadonlyMap<string, FormatTraits> = tabulate();

function tabulate(): Map<string, FormatTraits> {
  const table = new Map<string, FormatTraits>();
  const add = (name: string, blockBytes: number, [blockWidth, blockHeight]: readonly [number, number], isDepthOrStencil = false): void => {
    table.set(name, { blockBytes, blockWidth, blockHeight, isDepthOrStencil });
  };
  for (const [bytes, names] of Object.entries(BLOCK_BYTES)) for (const name of names) add(name, Number(bytes), [1, 1]);
  for (const [name, bytes] of Object.entries(DEPTH_STENCIL_BYTES)) add(name, bytes, [1, 1], true);
  for (const [bytes, names] of Object.entries(COMPRESSED_4X4_BYTES)) for (const name of names) add(name, Number(bytes), [4, 4]);
  for (const block of ASTC_BLOCKS) {
    const [width, height] = block.split('x').map(Number) as [number, number];
    add(`astc-${block}-unorm`, ASTC_BLOCK_BYTES, [width, height]);
    add(`astc-${block}-unorm-srgb`, ASTC_BLOCK_BYTES, [width, height]);
  }
  return table;
}

/**
 * Formats that need a feature. Using one without it is an exception of the content timeline:
 * https://gpuweb.github.io/gpuweb/#abstract-opdef-validate-texture-format-required-features
 */
import type * as T from './generated/types.gen.ts';

const TIER1 = ['r16unorm', 'r16snorm', 'rg16unorm', 'rg16snorm', 'rgba16unorm', 'rgba16snorm'];

function requiredFeature(format: string): string | null {
  if (format === 'depth32float-stencil8') return format;
  if (format.startsWith('bc')) return 'texture-compression-bc';
  if (format.startsWith('etc2') || format.startsWith('eac')) return 'texture-compression-etc2';
  if (format.startsWith('astc')) return 'texture-compression-astc';
  if (TIER1.includes(format)) return 'texture-formats-tier1';
  return null;
}

interface HasFeatures {
  readonly features: { has(name: string): boolean };
}

export function checkFormat(device: HasFeatures, format: T.GPUTextureFormat): void {
  const feature = requiredFeature(format);
  if (feature !== null && !device.features.has(feature)) {
    throw new TypeError(`The texture format '${format}' requires the feature '${feature}', which is not enabled on the device.`);
  }
}

export function checkFormats(device: HasFeatures, formats: readonly (T.GPUTextureFormat | null)[]): void {
  for (const format of formats) {
    if (format !== null) checkFormat(device, format);
  }
}

import { assert } from '@gpup/base';
import { TEXTURE_FORMATS } from './texture-formats.ts';

/**
 * How many bytes of video memory an object counts, from its descriptor alone: the same on every adapter,
 * so that a partition's budget means the same wherever it runs. docs/memory.md has each rule with its
 * source. What cannot be valid counts nothing: the implementation is going to refuse it.
 */

type Limits = Readonly<Record<string, number>>;

/** https://gpuweb.github.io/gpuweb/#queries: every result is a 64-bit value. */
const QUERY_BYTES = 8;
/** https://gpuweb.github.io/gpuweb/#dom-gpudevice-createqueryset */
const QUERY_COUNT_MAX = 4096;
/** Dawn allocates buffers in whole words (`BufferBase::Initialize`). */
const BUFFER_GRANULE_BYTES = 4;
/** https://gpuweb.github.io/gpuweb/#namespacedef-gpubufferusage */
const MAP_READ = 0x1;
const MAP_WRITE = 0x2;

export function bufferBytes(sizeBytes: number, limits: Limits): number {
  if (sizeBytes > (limits['maxBufferSize'] as number)) return 0;
  return Math.ceil(sizeBytes / BUFFER_GRANULE_BYTES) * BUFFER_GRANULE_BYTES;
}

/**
 * What a buffer that is mapped at creation counts besides, until it is unmapped: one that cannot be mapped
 * is written through a copy that the processor can reach, which Dawn allocates whole.
 */
export function stagingBytes(buffer: { readonly bytes: number; readonly usage: number; readonly mappedAtCreation: boolean }): number {
  const isMappable = (buffer.usage & (MAP_READ | MAP_WRITE)) !== 0;
  return buffer.mappedAtCreation && !isMappable ? buffer.bytes : 0;
}

export function querySetBytes(count: number): number {
  return count > QUERY_COUNT_MAX ? 0 : count * QUERY_BYTES;
}

export interface TextureShape {
  readonly format: string;
  readonly dimension: string;
  readonly width: number;
  readonly height: number;
  readonly depthOrArrayLayers: number;
  readonly mipLevelCount: number;
  readonly sampleCount: number;
}

/** Whole blocks of every level, layer (or slice) and sample. */
export function textureBytes(shape: TextureShape, limits: Limits): number {
  const format = TEXTURE_FORMATS.get(shape.format);
  assert(format !== undefined);
  if (!isWithinLimits(shape, limits)) return 0;
  let bytes = 0;
  for (let level = 0; level < shape.mipLevelCount; level++) {
    const columnCount = Math.ceil(extentAt(shape.width, level) / format.blockWidth);
    const rowCount = Math.ceil(extentAt(shape.height, level) / format.blockHeight);
    const layerCount = shape.dimension === '3d' ? extentAt(shape.depthOrArrayLayers, level) : shape.depthOrArrayLayers;
    bytes += columnCount * rowCount * layerCount * format.blockBytes;
  }
  return bytes * shape.sampleCount;
}

/** https://gpuweb.github.io/gpuweb/#logical-miplevel-specific-texture-extent */
function extentAt(extent: number, level: number): number {
  return Math.max(1, extent >>> level);
}

/** Exactly the sizes and counts that the specification refuses; its other rules do not bound memory. */
function isWithinLimits(shape: TextureShape, limits: Limits): boolean {
  const { width, height, depthOrArrayLayers, mipLevelCount, sampleCount } = shape;
  if (width === 0 || height === 0 || depthOrArrayLayers === 0) return false;
  if (sampleCount !== 1 && sampleCount !== 4) return false;
  const dimensionMax = limits[`maxTextureDimension${shape.dimension.toUpperCase()}`] as number;
  const layersMax = shape.dimension === '3d' ? dimensionMax : (limits['maxTextureArrayLayers'] as number);
  if (width > dimensionMax || height > dimensionMax || depthOrArrayLayers > layersMax) return false;
  const extentMax = shape.dimension === '3d' ? Math.max(width, height, depthOrArrayLayers) : Math.max(width, height);
  return mipLevelCount > 0 && mipLevelCount <= 32 - Math.clz32(extentMax);
}

import { assert } from '@gpup/base';
import { TEXTURE_FORMATS } from './texture-formats.ts';

/**
 * The account of video memory of one context: what its live buffers, textures and query sets take.
 * It counts what the descriptors ask for, not how an implementation pads and groups its allocations.
 */
export class VideoMemory {
  readonly #limitBytes: number;
  #usedBytes = 0;
  #peakBytes = 0;

  /** Without a limit nothing is refused; the account is kept all the same. */
  constructor(limitBytes: number | undefined) {
    this.#limitBytes = limitBytes ?? Number.POSITIVE_INFINITY;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** The most that was ever used. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  get limitBytes(): number {
    return this.#limitBytes;
  }

  /** False, with nothing charged, where the budget does not allow it. */
  reserve(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.#limitBytes) return false;
    this.#usedBytes += bytes;
    this.#peakBytes = Math.max(this.#peakBytes, this.#usedBytes);
    return true;
  }

  /** Says why `reserve` refused. */
  refusal(what: string, bytes: number): string {
    return `${what} needs ${bytes} bytes of video memory, of which ${this.#limitBytes - this.#usedBytes} of ${this.#limitBytes} are left.`;
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes;
    assert(this.#usedBytes >= 0);
  }
}

type Limits = Readonly<Record<string, number>>;

const QUERY_BYTES = 8;
/** https://gpuweb.github.io/gpuweb/#dom-gpudevice-createqueryset */
const QUERY_COUNT_MAX = 4096;

/** What cannot be valid takes nothing: the implementation is going to refuse it. */
export function bufferBytes(sizeBytes: number, limits: Limits): number {
  if (sizeBytes > (limits['maxBufferSize'] as number)) return 0;
  return Math.ceil(sizeBytes / 4) * 4;
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

import { TEXTURE_FORMATS } from '@gpup/vidmm';
import { BUFFER_USAGE, TEXTURE_USAGE } from './backend.ts';
import { Kind } from './generated/kinds.gen.ts';
import type { Known } from './object-table.ts';

/**
 * Buffers and textures are created with more usage than the application declared: enough to read their
 * contents and to write them again, whatever the application meant to do with them.
 *
 * A usage is widened only where that cannot turn an invalid descriptor into a valid one or the reverse;
 * and what the application may do is checked against the declared usage, here and wherever it matters.
 */

const BUFFER_USAGE_ALL = bitsOf(BUFFER_USAGE);
const TEXTURE_USAGE_ALL = bitsOf(TEXTURE_USAGE);
const BUFFER_MAP = BUFFER_USAGE.MAP_READ | BUFFER_USAGE.MAP_WRITE;
const BUFFER_COPY = BUFFER_USAGE.COPY_SRC | BUFFER_USAGE.COPY_DST;
const TEXTURE_COPY = TEXTURE_USAGE.COPY_SRC | TEXTURE_USAGE.COPY_DST;

function bitsOf(flags: Readonly<Record<string, number>>): number {
  return Object.values(flags).reduce((all, bit) => all | bit, 0);
}

/** Mappable buffers are saved by mapping them: other usages beside MAP_* are not allowed. */
export function hostBufferUsage(declared: number): number {
  if (declared === 0 || (declared & ~BUFFER_USAGE_ALL) !== 0 || (declared & BUFFER_MAP) !== 0) return declared;
  return declared | BUFFER_COPY;
}

export interface TextureUsageShape {
  readonly format: string;
  readonly dimension: string;
  readonly sampleCount: number;
}

/**
 * Copies of depth and of multisampled contents are restricted, so those textures are read by sampling
 * and written by rendering. RENDER_ATTACHMENT is not added to a multisampled texture, which must
 * declare it anyway, nor to a dimension that cannot have it. A transient texture has no contents.
 */
export function hostTextureUsage(declared: number, { format, dimension, sampleCount }: TextureUsageShape): number {
  if (declared === 0 || (declared & ~TEXTURE_USAGE_ALL) !== 0) return declared;
  if ((declared & TEXTURE_USAGE.TRANSIENT_ATTACHMENT) !== 0) return declared;
  const isDepthOrStencil = TEXTURE_FORMATS.get(format)?.isDepthOrStencil === true;
  let usage = declared | TEXTURE_COPY;
  if (isDepthOrStencil || sampleCount > 1) usage |= TEXTURE_USAGE.TEXTURE_BINDING;
  if (isDepthOrStencil && sampleCount === 1 && dimension === '2d') usage |= TEXTURE_USAGE.RENDER_ATTACHMENT;
  return usage;
}

/** Null where the application declared every one of `needed`, else the sentence that says what is missing. */
export function missingUsage(known: Known, needed: number): string | null {
  const missing = needed & ~known.usage;
  if (missing === 0) return null;
  const flags = known.kind === Kind.GPUBuffer ? BUFFER_USAGE : TEXTURE_USAGE;
  return `[${describe(known)}] usage (${flagNames(known.usage, flags)}) does not include ${flagNames(missing, flags)}.`;
}

export function describe(known: Known): string {
  const noun = known.kind === Kind.GPUBuffer ? 'Buffer' : 'Texture';
  return known.label === '' ? `${noun} (unlabeled)` : `${noun} "${known.label}"`;
}

export function flagNames(usage: number, flags: Readonly<Record<string, number>>): string {
  const names = Object.keys(flags).filter((name) => (usage & (flags[name] as number)) !== 0);
  return names.length === 0 ? '0' : names.join('|');
}

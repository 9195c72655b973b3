import { GPUTextureFormatNumbers } from '@gpup/wire/enums';
import { IDL_HASH } from '@gpup/wire/numbers';
import type { Random } from './random.ts';

/**
 * Numbers and strings that a correct guest might send, by the field's name: what is refused for one
 * wrong word ought to have no second one, and what is accepted should get deep into the host.
 */
type Choice = readonly number[];

const FORMAT: Choice = ['rgba8unorm', 'bgra8unorm', 'r32float', 'rgba16float', 'depth24plus', 'depth32float', 'r8unorm'].map((name) => GPUTextureFormatNumbers[name] as number);

/** By dictionary and field, or by field alone. */
const INTEGERS: Readonly<Record<string, Choice>> = {
  'GPUBufferDescriptor.usage': [0x9, 0x6, 0xc, 0x8c, 0x48, 0x18, 0x28, 0x18c, 0x204],
  'GPUBufferDescriptor.size': [4, 16, 64, 256, 1024],
  'GPUTextureDescriptor.usage': [0x17, 0x6, 0xd, 0x13, 0x16],
  'GPUTextureViewDescriptor.usage': [0],
  'GPUTextureViewDescriptor.mipLevelCount': [1],
  'GPUTextureViewDescriptor.arrayLayerCount': [1],
  'GPUTextureDescriptor.mipLevelCount': [1],
  'GPUTextureDescriptor.sampleCount': [1],
  'GPUQuerySetDescriptor.count': [1, 2, 8, 64],
  'GPUVertexAttribute.offset': [0, 4],
  'GPUVertexBufferLayout.arrayStride': [4, 16],
  width: [1, 4, 16],
  height: [1, 4, 16],
  depthOrArrayLayers: [1, 1, 2],
  visibility: [1, 2, 4, 7],
  format: FORMAT,
  depthStencilFormat: FORMAT,
  sampleCount: [1],
  count: [1],
  mask: [0xffffffff],
  maxAnisotropy: [1],
  major: [1],
  minor: [0, 1, 2],
  featureLevel: [24, 29, 29, 29, 32],
  mode: [1, 2],
  offset: [0, 0, 8, 16],
  size: [4, 8, 16],
  length: [0, 4, 16],
  flags: [0, 0, 1],
  bytesPerRow: [256],
  rowsPerImage: [16],
  index: [0, 1, 2],
  queryIndex: [0, 1],
  rangeOffset: [0, 4, 8],
  writeMask: [15],
  escape: [1, 2, 2, 3],
  version: [1],
};

const SMALL: Choice = [0, 0, 0, 1, 1, 2, 3, 4];

export function plausibleInteger(random: Random, dictionary: string, field: string): number {
  return random.pick(INTEGERS[`${dictionary}.${field}`] ?? INTEGERS[field] ?? SMALL);
}

export function plausibleEnum(random: Random, field: string, count: number): number {
  const choice = INTEGERS[field];
  if (choice !== undefined && !random.oneIn(4)) return Math.min(count, random.pick(choice));
  return 1 + random.below(count);
}

const COMPUTE = '@compute @workgroup_size(1) fn main() {}';
const RENDER = '@vertex fn vs() -> @builtin(position) vec4f { return vec4f(); } @fragment fn fs() -> @location(0) vec4f { return vec4f(); }';
const STRINGS: Readonly<Record<string, readonly string[]>> = {
  code: [COMPUTE, RENDER, 'struct S { a: f32 }', ''],
  entryPoint: ['main', 'vs', 'fs'],
  swizzle: ['rgba'],
  featureLevel: ['core'],
  idlHash: [IDL_HASH],
};
const LABELS: readonly string[] = ['', 'a', 'label', 'ünïcödé 🦊', 'a label of some forty characters, or more'];

export function plausibleString(random: Random, field: string): string {
  return random.pick(STRINGS[field] ?? LABELS);
}

export function plausibleFloat(random: Random, field: string): number {
  if (field === 'lodMinClamp' || field === 'minDepth' || field === 'x' || field === 'y') return 0;
  return random.pick([0, 0.5, 1, 1]);
}

/** Where integers tend to break. */
export const EDGES: readonly number[] = [
  0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 1023, 1024, 4095, 4096, 4097, 0x7fff, 0x8000, 0xffff, 0x10000, 0xfffff, 0x100000,
  0x1fffff, 0x200000, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffff8, 0xfffffffc, 0xfffffffd, 0xfffffffe, 0xffffffff,
];

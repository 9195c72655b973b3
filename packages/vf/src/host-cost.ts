import { type ApertureLayout, BUS_LIMITS, layoutAperture } from '@gpup/bus';
import { Kind } from './generated/kinds.gen.ts';
import type { Known } from './object-table.ts';

/**
 * What an object makes the host hold outside of video memory. Exact for what is ours (packets, labels),
 * an estimate on the high side for what the implementation holds: docs/memory.md has how each was found.
 */

/** A record in the object table, its native wrapper and object. */
const RECORD_BYTES = 4 * 2 ** 10;
/** Native objects that keep recorded commands, in blocks of tens of kilobytes even for one command. */
export const RECORDING_BYTES = 32 * 2 ** 10;
/** What a command buffer keeps of each pass in it, besides. */
export const PASS_BYTES = 1536;
/** What a pipeline holds whatever it runs. */
const PIPELINE_BYTES = 16 * 2 ** 10;
/** What was compiled for it, per byte of the packets of its shader modules. */
const COMPILED_BYTES_PER_BYTE = 16;
/** A shader module keeps its source and, much larger, what Tint has parsed from it; per byte of its packet. */
const MODULE_BYTES_PER_BYTE = 128;
/** V8 keeps a string in two bytes a character where one character needs them. */
const CHARACTER_BYTES = 2;
/** A request whose answer has not been sent: promise, closures, what the implementation keeps for it. */
export const REQUEST_BYTES = 1024;
/** An open error scope, and each part that an error of ours has cut it into. */
export const SCOPE_BYTES = 512;

/** Of an object by itself. Called for each one that is made, each command buffer included. */
export function hostBytesOf(kind: number, label: string, packetBytes: number): number {
  return RECORD_BYTES + packetBytes + labelBytes(label) + nativeBytes(kind, packetBytes);
}

function nativeBytes(kind: number, packetBytes: number): number {
  switch (kind) {
    case Kind.GPUCommandBuffer:
    case Kind.GPURenderBundle:
      return RECORDING_BYTES;
    case Kind.GPUComputePipeline:
    case Kind.GPURenderPipeline:
      return PIPELINE_BYTES;
    case Kind.GPUShaderModule:
      return packetBytes * MODULE_BYTES_PER_BYTE;
    default:
      return 0;
  }
}

/** What a pipeline holds besides: each one is compiled anew, also from modules that others use. */
export function compiledBytes(pipeline: Known): number {
  let sourceBytes = 0;
  for (const { kind, packet } of pipeline.references) if (kind === Kind.GPUShaderModule) sourceBytes += packet?.byteLength ?? 0;
  return sourceBytes * COMPILED_BYTES_PER_BYTE;
}

export function labelBytes(label: string): number {
  return label.length * CHARACTER_BYTES;
}

/** Whole, though pages that nobody has written take nothing yet: the guest can write them at any time. */
export function apertureBytes(heap: Uint8Array | null): number {
  if (heap === null) return 0;
  const { commandRingBytes, replyRingBytes } = BUS_LIMITS;
  const layout: ApertureLayout | null = layoutAperture({ commandRingBytes, replyRingBytes, heapBytes: heap.byteLength });
  return layout?.sizeBytes ?? heap.byteLength;
}

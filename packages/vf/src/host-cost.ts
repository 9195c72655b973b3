import { type ApertureLayout, BUS_LIMITS, layoutAperture } from '@gpup/bus';
import { Kind } from './generated/kinds.gen.ts';

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
/** What a compiled pipeline holds, its share of the driver's code included. */
const PIPELINE_BYTES = 64 * 2 ** 10;
/** A shader module keeps its source and, much larger, what Tint has parsed from it; per byte of its packet. */
const MODULE_BYTES_PER_BYTE = 128;
/** V8 keeps a string in two bytes a character where one character needs them. */
const CHARACTER_BYTES = 2;
/** A request whose answer has not been sent: promise, closures, what the implementation keeps for it. */
export const REQUEST_BYTES = 1024;
/** An open error scope, and each part that an error of ours has cut it into. */
export const SCOPE_BYTES = 512;

const NATIVE_BYTES: ReadonlyMap<number, number> = new Map([
  [Kind.GPUCommandBuffer, RECORDING_BYTES],
  [Kind.GPURenderBundle, RECORDING_BYTES],
  [Kind.GPUComputePipeline, PIPELINE_BYTES],
  [Kind.GPURenderPipeline, PIPELINE_BYTES],
]);

export function hostBytesOf({ kind, packetBytes, label }: { readonly kind: number; readonly packetBytes: number; readonly label: string }): number {
  const parsedBytes = kind === Kind.GPUShaderModule ? packetBytes * MODULE_BYTES_PER_BYTE : 0;
  return RECORD_BYTES + packetBytes + labelBytes(label) + parsedBytes + (NATIVE_BYTES.get(kind) ?? 0);
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

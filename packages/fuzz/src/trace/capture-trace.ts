import { basename } from 'node:path';
import { CaptureFile, CaptureReader } from '@gpup/vf/capture';
import { INLINE } from '@gpup/wire';
import { OPCODES } from '@gpup/wire/numbers';
import { markRequest } from './record.ts';
import type { Trace } from './trace.ts';

/** Where the region stands in the words of a request that wants its bytes in the heap. */
const REGION_WORDS: Readonly<Record<number, number>> = { [OPCODES['GPUBuffer.mapAsync']]: 9, [OPCODES['GPUBuffer.readMapped']]: 6 };

/**
 * What a real program sent, as a trace: a file of `gpup capture`. Sessions have small heaps or none, so payload is
 * put inside of the packets, and mapped bytes are asked for inside of the answers.
 */
export function traceOfCapture(path: string): Trace {
  const file = new CaptureFile(path);
  try {
    return { name: basename(path), packets: packetsOf(new CaptureReader(file)) };
  } finally {
    file.close();
  }
}

function packetsOf(capture: CaptureReader): Uint32Array[] {
  const packets: Uint32Array[] = [];
  let payload: Uint8Array[] = [];
  for (const record of capture.records()) {
    if (record.type === 'blob') payload.push(record.bytes);
    if (record.type !== 'packet') continue;
    packets.push(markRequest(withoutHeap(record.words.slice(), payload)));
    payload = [];
  }
  return packets;
}

function withoutHeap(words: Uint32Array, payload: readonly Uint8Array[]): Uint32Array {
  const region = REGION_WORDS[words[0] as number];
  if (region !== undefined && region < words.length) words[region] = INLINE;
  return payload.length === 0 ? words : inlined(words, Buffer.concat(payload));
}

/** Payload is a packet's last field, so where it lies in the heap its length and its place are the last two words. */
function inlined(words: Uint32Array, bytes: Uint8Array): Uint32Array {
  const whole = new Uint32Array(words.length + Math.ceil(bytes.length / 4));
  whole.set(words);
  whole[1] = whole.length;
  whole[words.length - 1] = INLINE;
  new Uint8Array(whole.buffer, words.length * 4).set(bytes);
  return whole;
}

/** The longest shader that the traces bring: sessions must allow it, or most of them would end there. */
export function shaderBytesOf(traces: readonly Trace[]): number {
  const lengths = traces.flatMap(({ packets }) => packets.filter((packet) => packet[0] === OPCODES['GPUDevice.createShaderModule']).map((packet) => packet.byteLength));
  return Math.max(0, ...lengths);
}

import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { INLINE, Reader, Writer } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import { OPCODES } from '@gpup/wire/numbers';
import { payloadAt } from '../generated/payload.gen.ts';

const HEAP_OFFSET = 4096;
const DATA = Uint8Array.from({ length: 12 }, (_, i) => i);
const [QUEUE, TEXTURE, BUFFER] = [{ handle: 1 }, { handle: 2 }, { handle: 3 }];
const ORIGIN = { x: 0, y: 0, z: 0 };
const SIZE = { width: 4, height: 1, depthOrArrayLayers: 1 };

/** Each packet that has a payload, with as few and as many of its optional fields as it may have. */
const PACKETS: Readonly<Record<string, (w: Writer) => void>> = {
  writeBuffer: (w) => encode.encodeGPUQueueWriteBuffer(w, QUEUE.handle, BUFFER, 2 ** 40, 1, DATA),
  'writeTexture, little': (w) => encode.encodeGPUQueueWriteTexture(w, QUEUE.handle, TEXTURE, 0, ORIGIN, 'all', { offset: 0 }, SIZE, 0, DATA),
  'writeTexture, all': (w) => encode.encodeGPUQueueWriteTexture(w, QUEUE.handle, TEXTURE, 3, { x: 1, y: 2, z: 3 }, 'depth-only', { offset: 2 ** 33, bytesPerRow: 256, rowsPerImage: 7 }, { width: 4, height: 5, depthOrArrayLayers: 6 }, 1, DATA),
  'copyExternalImageToTexture, little': (w) => encode.encodeGPUQueueCopyExternalImageToTexture(w, QUEUE.handle, TEXTURE, 0, ORIGIN, 'all', SIZE, 256, DATA),
  'copyExternalImageToTexture, all': (w) => encode.encodeGPUQueueCopyExternalImageToTexture(w, QUEUE.handle, TEXTURE, 1, { x: 1, y: 2, z: 3 }, 'all', { width: 4, height: 5, depthOrArrayLayers: 6 }, 256, DATA),
  writeMapped: (w) => encode.encodeGPUBufferWriteMapped(w, BUFFER, 2 ** 40, DATA),
};

function placeIn(write: (w: Writer) => void, place: number): { readonly words: readonly number[]; readonly at: number } {
  const writer = new Writer();
  writer.place = () => place;
  write(writer);
  const reader = new Reader();
  reader.open(writer.words, 2, writer.length);
  const at = payloadAt(writer.words[0] as number, reader);
  return { words: [...writer.words.subarray(at, writer.length)], at };
}

for (const [name, write] of Object.entries(PACKETS)) {
  test(`the payload of ${name} is found, in the heap and inside of the packet`, () => {
    deepEqual(placeIn(write, HEAP_OFFSET).words, [DATA.length, HEAP_OFFSET]);
    deepEqual(placeIn(write, -1).words.slice(0, 2), [DATA.length, INLINE]);
  });
}

test('packets without payload have none', () => {
  const reader = new Reader();
  reader.open(Uint32Array.of(OPCODES['GPUDevice.destroy'], 3, 1), 2, 3);
  equal(payloadAt(OPCODES['GPUDevice.destroy'], reader), -1);
  equal(payloadAt(9999, reader), -1);
});

test('a packet that ends before its payload is a fault', () => {
  const reader = new Reader();
  reader.open(Uint32Array.of(OPCODES['GPUQueue.writeBuffer'], 3, 1), 2, 3);
  throws(() => payloadAt(OPCODES['GPUQueue.writeBuffer'], reader), { code: 'packet-truncated' });
});

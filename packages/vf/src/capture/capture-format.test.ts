import { deepEqual, equal, match, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySink } from '../testing/memory-sink.ts';
import { CaptureReader, sourceOfBytes } from './capture-reader.ts';
import { CaptureWriter, capturedReply } from './capture-writer.ts';
import { CAPTURE_LIMITS, CaptureError, type CaptureHeader, type CaptureRecord, END_RECORD_BYTES } from './format.ts';

const HEADER: CaptureHeader = { protocol: '1.2', idlHash: 'abc', heapBytes: 4096, vramBytes: null, escapes: ['statistics'], startedAt: '2026-01-01T00:00:00.000Z' };

function begun(options: Partial<ConstructorParameters<typeof CaptureWriter>[0]> = {}) {
  const sink = new MemorySink();
  return { sink, writer: new CaptureWriter({ sink, header: HEADER, ...options }) };
}

function recordsOf(bytes: Uint8Array): CaptureRecord[] {
  return [...new CaptureReader(sourceOfBytes(bytes)).records()];
}

function whole(): Uint8Array {
  const { sink, writer } = begun();
  writer.packet(0, Uint32Array.of(9, 34, 2), { begin: 1, end: 3, payload: null });
  writer.packet(2, Uint32Array.of(7, 3, 5), { begin: 0, end: 3, payload: { heapOffset: 16, bytes: Uint8Array.of(1, 2, 3, 4, 5) } });
  writer.reply(capturedReply(Uint32Array.of(1, 3, 77), Uint8Array.of(1, 2)));
  writer.end('closed');
  return sink.bytes;
}

test('what is written is read again', () => {
  const reader = new CaptureReader(sourceOfBytes(whole()));
  deepEqual(reader.header, HEADER);
  const [first, blob, second, reply, end] = [...reader.records()];
  deepEqual(first, { type: 'packet', position: 0, words: Uint32Array.of(34, 2) });
  deepEqual(blob, { type: 'blob', heapOffset: 16, bytes: Uint8Array.of(1, 2, 3, 4, 5) });
  deepEqual(second, { type: 'packet', position: 2, words: Uint32Array.of(7, 3, 5) });
  equal(reply?.type === 'reply' && reply.wordCount, 3);
  deepEqual(end, { type: 'end', reason: 'closed' });
});

test('a file is whole after every write, whenever its writer is killed', () => {
  const { sink, writer } = begun();
  deepEqual(recordsOf(sink.bytes), [{ type: 'end', reason: 'open' }]);
  writer.packet(0, Uint32Array.of(34, 2), { begin: 0, end: 2, payload: null });
  deepEqual(recordsOf(sink.bytes).at(-1), { type: 'end', reason: 'open' });
  equal(recordsOf(sink.bytes).length, 2);
});

test('payload longer than a record may be is cut, and is whole again', () => {
  const { sink, writer } = begun();
  const bytes = new Uint8Array(CAPTURE_LIMITS.blobBytesMax + 5).map((_, i) => i);
  writer.packet(0, Uint32Array.of(34, 2), { begin: 0, end: 2, payload: { heapOffset: 8, bytes } });
  const blobs = recordsOf(sink.bytes).filter((record) => record.type === 'blob');
  deepEqual(blobs.map(({ heapOffset, bytes: { length } }) => [heapOffset, length]), [[8, CAPTURE_LIMITS.blobBytesMax], [8 + CAPTURE_LIMITS.blobBytesMax, 5]]);
  ok(Buffer.from(bytes).equals(Buffer.concat(blobs.map((blob) => blob.bytes))));
});

test('a file stops at its limit, and says so', () => {
  const bytesMax = CAPTURE_LIMITS.fileBytesMin;
  const { sink, writer } = begun({ bytesMax });
  const packet = new Uint32Array(1000);
  packet.set([34, 1000]);
  for (let i = 0; i < 1000; i++) writer.packet(i * 1000, packet, { begin: 0, end: 1000, payload: null });
  ok(sink.bytes.length <= bytesMax && sink.bytes.length > bytesMax - 5000, `${sink.bytes.length} bytes`);
  deepEqual(recordsOf(sink.bytes).at(-1), { type: 'end', reason: 'size-limit' });
  ok(sink.isClosed && writer.isOver);
});

test('a disk that is full ends the capture, and what was written stays whole', () => {
  const told: string[] = [];
  const { sink, writer } = begun({ failed: (error) => told.push(error.message) });
  sink.failure = new Error('ENOSPC');
  writer.packet(0, Uint32Array.of(34, 2), { begin: 0, end: 2, payload: null });
  writer.packet(2, Uint32Array.of(34, 2), { begin: 0, end: 2, payload: null });
  deepEqual(told, ['ENOSPC']);
  deepEqual(recordsOf(sink.bytes), [{ type: 'end', reason: 'open' }]);
});

test('a file that is cut off anywhere is refused with the place', () => {
  const bytes = whole();
  for (let length = 0; length < bytes.length; length++) {
    throws(() => recordsOf(bytes.slice(0, length)), (error) => {
      ok(error instanceof CaptureError, String(error));
      match(error.message, /too short|ends in its header|cut off|checksum/);
      ok(error.offset <= length);
      return true;
    }, `cut off at ${length}`);
  }
});

test('a file with any bit changed is refused with the place', () => {
  const bytes = whole();
  for (let at = 0; at < bytes.length; at++) {
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] as number) ^ (1 << (at % 8));
    throws(() => recordsOf(damaged), (error) => {
      ok(error instanceof CaptureError, String(error));
      match(error.message, /\(offset \d+\)\.$/);
      return true;
    }, `changed at ${at}`);
  }
});

test('bytes behind the end are refused', () => {
  throws(() => recordsOf(Buffer.concat([whole(), Buffer.alloc(4)])), /has 4 bytes behind its end marker \(offset \d+\)/);
});

test('nothing in a file sizes an allocation', () => {
  const bytes = whole();
  const words = new Uint32Array(bytes.buffer);
  const recordAt = bytes.length - END_RECORD_BYTES;
  words[recordAt / 4 + 1] = CAPTURE_LIMITS.recordBytesMax + 4;
  throws(() => recordsOf(bytes), new RegExp(`has a record of ${CAPTURE_LIMITS.recordBytesMax + 4} bytes.*offset ${recordAt}`));
  words[recordAt / 4 + 1] = CAPTURE_LIMITS.recordBytesMax;
  throws(() => recordsOf(bytes), /cut off inside of a record/);
  words[3] = CAPTURE_LIMITS.headerBytesMax + 1;
  throws(() => recordsOf(bytes), /has a header of 65537 bytes, the limit is 65536 \(offset 12\)/);
});

test('a header that asks for what cannot be is refused by the name of the field', () => {
  for (const [name, value] of [['heapBytes', 2 ** 32], ['heapBytes', -1], ['vramBytes', 0.5], ['escapes', [1]], ['protocol', 1]] as const) {
    const sink = new MemorySink();
    new CaptureWriter({ sink, header: { ...HEADER, [name]: value } as CaptureHeader });
    throws(() => new CaptureReader(sourceOfBytes(sink.bytes)), new RegExp(`invalid ${name} `));
  }
});

test('another version of the format is refused by its number', () => {
  const bytes = whole();
  new Uint32Array(bytes.buffer)[2] = 2;
  throws(() => new CaptureReader(sourceOfBytes(bytes)), /has version 2, this program reads version 1 \(offset 8\)/);
});

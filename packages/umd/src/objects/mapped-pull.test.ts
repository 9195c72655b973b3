/** Mappings whose bytes come in pieces, told by a host that says them in any order and may fail half way. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';
import * as encode from '@gpup/wire/encode';
import type { GPUBuffer } from '../generated/interfaces.gen.ts';
import { type Opened, openDevice } from '../testing/open-device.ts';

const MIB = 1 << 20;
const READ = 1;
const USAGE = 9;

let opened: Opened;
before(async () => {
  opened = await openDevice();
});
beforeEach(() => {
  opened.link.packets.length = 0;
});

interface Asked {
  readonly request: number;
  readonly offset: number;
  readonly length: number;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function mapAsked(): Asked {
  // Opcode, length, self, request, mode, offset, size, into, length.
  const [packet] = opened.link.sent('GPUBuffer.mapAsync') as [Uint32Array];
  return { request: packet[3] as number, offset: packet[5] as number, length: packet[10] as number };
}

function readsAsked(): Asked[] {
  // Opcode, length, buffer, request, offset, into, length.
  return opened.link.sent('GPUBuffer.readMapped').map((packet) => ({ request: packet[3] as number, offset: packet[4] as number, length: packet[7] as number }));
}

/** Every byte of a piece says which mebibyte of the buffer it is from. */
function sayBytes({ request, offset, length }: Asked): void {
  opened.link.say((w) => encode.encodeReplyData(w, request, Uint8Array.from({ length }, (_, i) => (offset + i) / MIB)));
}

function sayError({ request }: Asked): void {
  opened.link.say((w) => encode.encodeReplyError(w, request, 'AbortError', '', 'Not mapped.'));
}

const bufferOf = (size: number): GPUBuffer => opened.device.createBuffer({ size, usage: USAGE });

test('pieces are put in their places, in whatever order they arrive', async () => {
  const buffer = bufferOf(4 * MIB);
  const mapping = buffer.mapAsync(READ, MIB, 3 * MIB - 8);
  deepEqual([mapAsked().offset, mapAsked().length], [MIB, MIB]);
  sayBytes(mapAsked());
  await turn();
  const [second, third] = readsAsked() as [Asked, Asked];
  deepEqual([second.offset, second.length, third.offset, third.length], [2 * MIB, MIB, 3 * MIB, MIB - 8]);
  equal(buffer.mapState, 'pending');
  sayBytes(third);
  await turn();
  equal(buffer.mapState, 'pending');
  sayBytes(second);
  await mapping;
  const bytes = new Uint8Array(buffer.getMappedRange(MIB, 3 * MIB - 8));
  deepEqual([bytes[0], bytes[MIB - 1], bytes[MIB], bytes[2 * MIB], bytes.at(-1)], [1, 1, 2, 3, 3]);
  buffer.unmap();
});

test('a piece that fails fails the mapping, once', async () => {
  const buffer = bufferOf(3 * MIB);
  const mapping = buffer.mapAsync(READ);
  sayBytes(mapAsked());
  await turn();
  for (const asked of readsAsked()) sayError(asked);
  await rejects(mapping, { name: 'AbortError', message: 'Not mapped.' });
  equal(buffer.mapState, 'unmapped');
});

test('what arrives after the program has unmapped is nobody\'s', async () => {
  const buffer = bufferOf(3 * MIB);
  const first = buffer.mapAsync(READ);
  const asked = mapAsked();
  buffer.unmap();
  await rejects(first, { name: 'AbortError' });
  sayBytes(asked);
  await turn();
  deepEqual([readsAsked(), buffer.mapState], [[], 'unmapped']);
});

test('the rest of a mapping that was given up is not asked for, and its room is another\'s', async () => {
  // 16 MiB may be on their way, eight pieces of each mapping: the first two take them all.
  const second = bufferOf(2 * MIB);
  const first = [1, 2].map(() => bufferOf(40 * MIB));
  const given: Promise<undefined>[] = [];
  const asked: Asked[] = [];
  for (const buffer of first) {
    opened.link.packets.length = 0;
    given.push(buffer.mapAsync(READ));
    sayBytes(mapAsked());
    await turn();
    asked.push(...readsAsked());
  }
  equal(asked.length, 16);
  opened.link.packets.length = 0;
  const wanted = second.mapAsync(READ);
  await turn();
  equal(mapAsked().length, 0);
  sayBytes(mapAsked());
  await turn();
  for (const buffer of first) buffer.unmap();
  for (const mapping of given) await rejects(mapping, { name: 'AbortError' });
  deepEqual(readsAsked(), []);
  // The host answers what it was asked, to nobody's use but that there is room again.
  for (const each of asked) sayError(each);
  await turn();
  deepEqual(readsAsked().map(({ offset }) => offset), [0, MIB]);
  for (const asked of readsAsked()) sayBytes(asked);
  await wanted;
  equal(second.getMappedRange().byteLength, 2 * MIB);
  second.unmap();
});

test('a range that this process has no memory for is an OperationError, and unmapped on the host', async () => {
  const buffer = bufferOf(2 ** 52);
  const mapping = buffer.mapAsync(READ);
  sayBytes(mapAsked());
  await rejects(mapping, { name: 'OperationError', message: 'There is no memory for the mapped range.' });
  await turn();
  equal(opened.link.sent('GPUBuffer.unmap').length, 1);
  equal(buffer.mapState, 'unmapped');
});

test('when the context ends, every mapping is aborted and nothing more is asked for', async () => {
  const own = await openDevice();
  const buffers = [40 * MIB, 4 * MIB].map((size) => own.device.createBuffer({ size, usage: USAGE }));
  const mappings = buffers.map((buffer) => buffer.mapAsync(READ));
  own.link.onClose({ kind: 'peer-gone', message: 'The VF ended.' });
  for (const mapping of mappings) await rejects(mapping, { name: 'AbortError' });
  deepEqual(buffers.map((buffer) => buffer.mapState), ['unmapped', 'unmapped']);
  equal(own.link.isWaiting, false);
});

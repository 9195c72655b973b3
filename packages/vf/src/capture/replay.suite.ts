import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers';
import type { Writer } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import { ESCAPES } from '@gpup/wire/escapes';
import { type Backend, BUFFER_USAGE, MAP_MODE } from '../backend.ts';
import { MemorySink } from '../testing/memory-sink.ts';
import { type GuestDevice, ScriptedGuest } from '../testing/scripted-guest.ts';
import { ScriptedTurns } from '../testing/scripted-turns.ts';
import { CaptureLink } from './capture-link.ts';
import { CaptureReader, sourceOfBytes } from './capture-reader.ts';
import { CaptureWriter } from './capture-writer.ts';
import type { CaptureHeader } from './format.ts';
import { type ReplayReport, replayCapture } from './replay.ts';

const HEAP_BYTES = 1 << 20;
const HEADER: CaptureHeader = { protocol: '1.2', idlHash: '', heapBytes: HEAP_BYTES, vramBytes: null, escapes: ['statistics'], startedAt: '' };

export interface Captured {
  readonly guest: ScriptedGuest;
  readonly sink: MemorySink;
}

export function capturing(backend: Backend, options: { readonly heapBytes?: number | null; readonly turns?: ScriptedTurns } = {}): Captured {
  const { heapBytes = HEAP_BYTES, turns } = options;
  const gated = turns === undefined ? {} : { turns, nowMs: turns.nowMs };
  const sink = new MemorySink();
  const writer = new CaptureWriter({ sink, header: { ...HEADER, heapBytes } });
  return { sink, guest: new ScriptedGuest({ backend, heapBytes, escapes: HEADER.escapes, wrap: (link) => new CaptureLink(link, writer), ...gated }) };
}

/** As a guest driver sends it: payload through the heap. */
function writeThroughHeap(guest: ScriptedGuest, device: GuestDevice, buffer: number, heapOffset: number, bytes: Uint8Array): void {
  (guest.link.heap as Uint8Array).set(bytes, heapOffset);
  guest.post((w: Writer) => {
    w.place = () => heapOffset;
    encode.encodeGPUQueueWriteBuffer(w, device.queue, { handle: buffer }, 0, 0, bytes);
  });
}

/** Writes, copies, maps into the heap, and leaves an error behind. */
export async function session(guest: ScriptedGuest): Promise<GuestDevice> {
  guest.hello();
  const device = await guest.device();
  const source = guest.buffer(device, { size: 64, usage: BUFFER_USAGE.COPY_SRC | BUFFER_USAGE.COPY_DST, label: 'source' });
  const target = guest.buffer(device, { size: 64, usage: BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST, label: 'target' });
  writeThroughHeap(guest, device, source, 512, Uint8Array.from({ length: 64 }, (_, i) => i));
  guest.run(device, (w) => encode.recordGPUCommandEncoderCopyBufferToBuffer(w, { handle: source }, 0, { handle: target }, 0, 64));
  equal((await guest.map(target, MAP_MODE.READ, { size: 64, into: 1024 })).kind, 'done');
  deepEqual([...(guest.link.heap as Uint8Array).subarray(1024, 1088)], Array.from({ length: 64 }, (_, i) => i));
  guest.post((w) => encode.encodeGPUBufferUnmap(w, target));
  await guest.escape(ESCAPES.statistics.number, 1);
  guest.buffer(device, { size: 16, usage: 0 });
  await guest.done(device);
  return device;
}

/** Short turns, one after the other, until what this returns is called: every submit waits. */
function takingTurns({ processor }: ScriptedGuest, turns: ScriptedTurns): () => void {
  let isOver = false;
  const next = (serial: number): void => {
    if (isOver) return processor.freeTurn();
    processor.grantTurn({ serial, untilUs: serial % 2 === 0 ? turns.untilUs(1) : 0, yields: false });
    setImmediate(next, serial + 1);
  };
  next(1);
  return () => {
    isOver = true;
  };
}

function replay(bytes: Uint8Array, backend: Backend): Promise<ReplayReport> {
  return replayCapture({ capture: new CaptureReader(sourceOfBytes(bytes)), backend, hashesBuffers: true, stallMsMax: 10_000 });
}

/** What a capture and its replay must be on any backend. */
export function replaySuite(name: string, open: () => Promise<Backend>): void {
  test(`${name}: what was captured while it took turns is replayed without, with the same answers`, async () => {
    const backend = await open();
    const turns = new ScriptedTurns();
    const { guest, sink } = capturing(backend, { turns });
    const end = takingTurns(guest, turns);
    await session(guest);
    end();
    guest.link.close();
    ok(turns.said.some(({ type }) => type === 'turn-wanted'), 'a submit has waited');
    const report = await replay(sink.bytes, backend);
    const { equal: equalCount, differences } = report.replies;
    deepEqual([differences, report.stalled, report.lost], [[], null, null]);
    ok(equalCount >= 5, `${equalCount} answers`);
  });

  test(`${name}: a captured context gives the same answers, the same data and the same errors again`, async () => {
    const backend = await open();
    const { guest, sink } = capturing(backend);
    const device = await session(guest);
    guest.link.close();
    const report = await replay(sink.bytes, backend);
    const { equal: equalCount, otherKind, otherData, differences } = report.replies;
    deepEqual({ otherKind, otherData, differences }, { otherKind: 0, otherData: 0, differences: [] });
    ok(equalCount >= 5, `${equalCount} answers`);
    deepEqual([report.captureEnd, report.stalled, report.lost], ['closed', null, null]);
    equal(report.payloadBytes, 64);
    match(report.errors[0]?.kind ?? '', /uncaptured validation/);
    const hashes = Object.fromEntries((report.buffers ?? []).map(({ label, sha256 }) => [label, sha256]));
    equal(hashes['source'], hashes['target']);
    ok(typeof hashes['source'] === 'string');
    equal(hashes[''], null);
    guest.post((w) => encode.encodeGPUDeviceDestroy(w, device.handle));
  });

  test(`${name}: a context that broke the protocol breaks it again, at the same packet`, async () => {
    const backend = await open();
    const { guest, sink } = capturing(backend);
    guest.hello();
    await guest.device();
    guest.raw(9999, 2);
    const report = await replay(sink.bytes, backend);
    equal(report.captureEnd, 'fault');
    equal(report.lost?.code, 'bad-opcode');
    equal(report.packetCount, 4);
  });

  test(`${name}: other bytes in the file are other data, and are told`, async () => {
    const backend = await open();
    const { guest, sink } = capturing(backend);
    await session(guest);
    const writer = new MemorySink();
    rewrite(sink.bytes, writer);
    const report = await replay(writer.bytes, backend);
    equal(report.replies.otherData, 1);
    match(report.replies.differences[0]?.replayed ?? '', /Reply\.done with other data/);
  });

  test(`${name}: a file that was made by hand can do no more than a guest`, async () => {
    const backend = await open();
    const sink = new MemorySink();
    const writer = new CaptureWriter({ sink, header: { ...HEADER, heapBytes: 16 } });
    writer.packet(0, Uint32Array.of(34, 2), { begin: 0, end: 2, payload: { heapOffset: 8, bytes: new Uint8Array(12) } });
    await rejects(replay(sink.bytes, backend), /payload at 8 of 12 bytes, outside of its heap of 16 bytes \(offset \d+\)/);
  });
}

/** The same capture, with the last byte of its payload changed. */
function rewrite(bytes: Uint8Array, sink: MemorySink): void {
  const reader = new CaptureReader(sourceOfBytes(bytes));
  const writer = new CaptureWriter({ sink, header: reader.header });
  let payload: { heapOffset: number; bytes: Uint8Array } | null = null;
  for (const record of reader.records()) {
    if (record.type === 'blob') {
      payload = { heapOffset: record.heapOffset, bytes: record.bytes };
      record.bytes[record.bytes.length - 1] = 0xff;
    } else if (record.type === 'packet') {
      writer.packet(record.position, record.words, { begin: 0, end: record.words.length, payload });
      payload = null;
    } else if (record.type === 'reply') writer.reply(record);
    else writer.end(record.reason);
  }
}

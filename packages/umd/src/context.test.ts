import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { GuestHeap } from '@gpup/bus';
import { Reader } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import { OPCODES } from '@gpup/wire/numbers';
import { Context } from './context.ts';
import { HandleAllocator } from './handle-allocator.ts';
import type { PendingRequest } from './requests.ts';
import { IDLE_PLATFORM } from './testing/open-device.ts';
import { ScriptedLink } from './testing/scripted-link.ts';

interface Observed {
  readonly link: ScriptedLink;
  readonly context: Context;
  readonly handles: HandleAllocator;
  readonly lost: string[];
}

function observed(): Observed {
  const link = new ScriptedLink();
  const handles = new HandleAllocator();
  const lost: string[] = [];
  const context = new Context({ link, platform: IDLE_PLATFORM, handles, onWelcome: () => {}, onLost: (message) => lost.push(message) });
  return { link, context, handles, lost };
}

/** Lets everything that waits in microtasks happen. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function writeLabel({ context }: Observed, label = ''): void {
  encode.encodeObjectSetLabel(context.out, 7, label);
  context.written();
}

/** A request whose every outcome is noted down. */
function noting(notes: unknown[]): PendingRequest {
  return {
    done: () => notes.push('done'),
    json: (text) => notes.push(['json', text]),
    scope: (filter, message) => notes.push(['scope', filter, message]),
    data: (bytes) => notes.push(['data', ...bytes]),
    error: (name, reason, message) => notes.push(['error', name, reason, message]),
    lost: (message) => notes.push(['lost', message]),
  };
}

test('what one turn writes is sent together at its end', async () => {
  const o = observed();
  let sendCount = 0;
  const send = o.link.send.bind(o.link);
  o.link.send = (...args) => {
    sendCount++;
    send(...args);
  };
  writeLabel(o);
  writeLabel(o);
  equal(sendCount, 0);
  await turn();
  deepEqual([sendCount, o.link.packets.length], [1, 2]);
  writeLabel(o);
  await turn();
  deepEqual([sendCount, o.link.packets.length], [2, 3]);
});

test('much is sent at once: the host starts while the guest goes on', () => {
  const o = observed();
  // 8,192 words: a mebibyte of labels is far more.
  for (let i = 0; i < 64; i++) writeLabel(o, 'x'.repeat(16 << 10));
  ok(o.link.packets.length > 32);
});

test('a host that a submit has let sleep is woken at the end of the task, whether more was written or not', async () => {
  for (const writesMore of [false, true]) {
    const o = observed();
    writeLabel(o);
    o.context.flush(true);
    if (writesMore) writeLabel(o);
    equal(o.link.isRingDue, true);
    await turn();
    deepEqual([o.link.isRingDue, o.link.packets.length], [false, writesMore ? 2 : 1]);
  }
});

test('one that is let sleep where nothing else is to be done at the end of the task is woken too', async () => {
  const o = observed();
  encode.encodeObjectSetLabel(o.context.out, 7, '');
  o.context.flush(true);
  equal(o.link.isRingDue, true);
  await turn();
  equal(o.link.isRingDue, false);
});

test('each request gets its own answer, once', async () => {
  const { link, context } = observed();
  const notes: unknown[] = [];
  const ids = Array.from({ length: 5 }, () => context.request(noting(notes)));
  equal(new Set(ids).size, 5);
  const [a, b, c, d, e] = ids as [number, number, number, number, number];
  link.say((w) => {
    encode.encodeReplyError(w, c, 'AbortError', '', 'Why.');
    encode.encodeReplyJson(w, a, '{}');
    encode.encodeReplyDone(w, a);
    encode.encodeReplyScope(w, e, 'internal', 'Why.');
    encode.encodeReplyData(w, b, Uint8Array.of(1, 2));
    encode.encodeReplyDone(w, 99);
    encode.encodeReplyDone(w, d);
  });
  await turn();
  deepEqual(notes, [['error', 'AbortError', '', 'Why.'], ['json', '{}'], ['scope', 'internal', 'Why.'], ['data', 1, 2], 'done']);
});

test('the process is kept alive exactly while a request waits', async () => {
  const { link, context } = observed();
  equal(link.isWaiting, false);
  const ids = [context.request(noting([])), context.request(noting([]))];
  equal(link.isWaiting, true);
  link.say((w) => encode.encodeReplyDone(w, ids[0] as number));
  await turn();
  equal(link.isWaiting, true);
  link.say((w) => encode.encodeReplyDone(w, ids[1] as number));
  await turn();
  equal(link.isWaiting, false);
});

test('when the link ends, everybody who waits hears why, and devices before requests', async () => {
  const { link, context, lost } = observed();
  const notes: unknown[] = [];
  context.addDevice(5, { deviceLost: (reason, message) => notes.push(['device', reason, message]), uncapturedError: () => {} });
  context.request(noting(notes));
  link.onClose({ kind: 'peer-gone', message: 'The VF ended.' });
  deepEqual(notes, [['device', 'unknown', 'The VF ended.'], ['lost', 'The VF ended.']]);
  deepEqual([lost, link.isWaiting, link.isClosed, context.lostMessage], [['The VF ended.'], false, true, 'The VF ended.']);
  link.onClose({ kind: 'closed' });
  equal(lost.length, 1);
});

test('where the host names a guilty device, each device hears whether it was its own work; requests hear the reason alone', async () => {
  const { link, context } = observed();
  const notes: unknown[] = [];
  for (const handle of [5, 6]) context.addDevice(handle, { deviceLost: (_, message) => notes.push([handle, message]), uncapturedError: () => {} });
  context.request(noting(notes));
  link.onClose({ kind: 'peer-gone', message: 'It took too long.', guilty: 6 });
  deepEqual(notes, [
    [5, 'It took too long. It was the work of another device.'],
    [6, 'It took too long. It was the work of this device.'],
    ['lost', 'It took too long.'],
  ]);
});

test('a context that is gone sends nothing and answers at once', async () => {
  const o = observed();
  writeLabel(o);
  o.context.lose('It ended.');
  writeLabel(o);
  await turn();
  equal(o.link.packets.length, 0);
  equal(o.context.allocateHandle(), 0);
  const notes: unknown[] = [];
  o.context.sent(o.context.request(noting(notes)));
  deepEqual(notes, [['lost', 'It ended.']]);
  equal(o.link.isWaiting, false);
});

test("the host's last words are the reason, with their code", async () => {
  const { link, context } = observed();
  link.say((w) => encode.encodeEventContextLost(w, 'protocol-version', 'Other major.'));
  await turn();
  equal(context.lostMessage, 'Other major. (protocol-version)');
});

test('events reach the device that they name', async () => {
  const { link, context } = observed();
  const notes: unknown[] = [];
  context.addDevice(5, { deviceLost: (reason, message) => notes.push([reason, message]), uncapturedError: (filter, message) => notes.push([filter, message]) });
  link.say((w) => {
    encode.encodeEventUncapturedError(w, 5, 'validation', 'A.');
    encode.encodeEventUncapturedError(w, 6, 'validation', 'B.');
    encode.encodeEventDeviceLost(w, 5, 'destroyed', 'C.');
  });
  await turn();
  deepEqual(notes, [['validation', 'A.'], ['destroyed', 'C.']]);
});

// Handles and lifetimes.

function leased(context: Context, handle: number, byteLength: number): number {
  const object = { lease: 0 };
  object.lease = context.lease(object, handle, byteLength);
  return object.lease;
}

test('a released handle is told to the host behind what was written, and its slot is free', async () => {
  const o = observed();
  const handle = o.context.allocateHandle();
  const lease = leased(o.context, handle, 100);
  writeLabel(o);
  o.context.release(lease);
  o.context.release(lease);
  await turn();
  deepEqual(o.link.packets.map((packet) => packet[0]), [OPCODES['Object.setLabel'], OPCODES['Context.release']]);
  deepEqual([...(o.link.packets[1] as Uint32Array).subarray(2)], [1, handle]);
  equal(o.handles.liveCount, 0);
  equal(o.context.handleOf(lease), 0);
});

test('what the host dropped by itself is not told to it', async () => {
  const o = observed();
  const lease = leased(o.context, o.context.allocateHandle(), 0);
  o.context.forget(lease);
  o.context.forget(lease);
  await turn();
  equal(o.link.packets.length, 0);
  equal(o.handles.liveCount, 0);
});

test('collections are asked for when dropped objects may hold much on the host', () => {
  let collections = 0;
  const deferred: (() => void)[] = [];
  const link = new ScriptedLink();
  const context = new Context({
    link,
    platform: { defer: (callback) => deferred.push(callback), collectGarbage: () => collections++ },
    handles: new HandleAllocator(),
    onWelcome: () => {},
    onLost: () => {},
  });
  leased(context, context.allocateHandle(), 1 << 30);
  // Not inside of the call that creates an object.
  equal(collections, 0);
  deferred.shift()?.();
  equal(collections, 1);
  leased(context, context.allocateHandle(), 1 << 30);
  // The finalizers of the first collection come first.
  equal(deferred.length, 1);
});

// Payload.

/** A heap of which the test says which part is free. */
class ScriptedHeap implements GuestHeap {
  readonly sizeBytes = 1 << 16;
  readonly bytes = new Uint8Array(this.sizeBytes);
  readonly answers: number[] = [];
  readonly asked: number[] = [];

  stage(byteLength: number): number {
    this.asked.push(byteLength);
    return this.answers.shift() ?? -1;
  }
  reserve(): number {
    return -1;
  }
  release(): void {}
}

function writePayload({ context }: Observed, bytes: Uint8Array): void {
  context.stage(bytes);
  encode.encodeGPUBufferWriteMapped(context.out, { handle: 7 }, 0, bytes);
  context.written();
}

function payloadOf(packet: Uint32Array, heap: Uint8Array | null): { readonly bytes: Uint8Array; readonly isInline: boolean } {
  const reader = new Reader();
  reader.open(packet, 2, packet.length);
  reader.heap = heap;
  reader.take(3);
  const bytes = reader.payload();
  reader.close();
  return { bytes, isInline: bytes.buffer === packet.buffer };
}

const INLINE_BYTES_MAX = 1024;
for (const [byteLength, isInline] of [[INLINE_BYTES_MAX, true], [INLINE_BYTES_MAX + 4, false]] as const) {
  test(`payload of ${byteLength} bytes travels ${isInline ? 'inside the packet' : 'through the heap'}`, async () => {
    const o = observed();
    const heap = new ScriptedHeap();
    heap.answers.push(256);
    o.link.heap = heap;
    const bytes = Uint8Array.from({ length: byteLength }, (_, i) => i);
    writePayload(o, bytes);
    await turn();
    const payload = payloadOf(o.link.packets[0] as Uint32Array, heap.bytes);
    deepEqual([payload.isInline, [...payload.bytes]], [isInline, [...bytes]]);
  });
}

test('the place of one payload is not taken for the next', async () => {
  const o = observed();
  const heap = new ScriptedHeap();
  heap.answers.push(256);
  o.link.heap = heap;
  writePayload(o, new Uint8Array(2000).fill(1));
  writePayload(o, new Uint8Array(8).fill(2));
  await turn();
  deepEqual(o.link.packets.map((packet) => payloadOf(packet, heap.bytes).isInline), [false, true]);
});

test('a full heap is waited for, with what was written before on its way', async () => {
  const o = observed();
  const heap = new ScriptedHeap();
  heap.answers.push(-1, -1, 512);
  o.link.heap = heap;
  o.link.progress.push(true, true);
  writeLabel(o);
  const bytes = new Uint8Array(2000).fill(3);
  writePayload(o, bytes);
  equal(o.link.packets.length, 1);
  await turn();
  deepEqual([...payloadOf(o.link.packets[1] as Uint32Array, heap.bytes).bytes], [...bytes]);
  deepEqual(heap.asked, [2000, 2000, 2000]);
});

for (const what of ['a heap that never has room', 'no heap']) {
  test(`with ${what} payload travels inside the packet`, async () => {
    const o = observed();
    if (what !== 'no heap') o.link.heap = new ScriptedHeap();
    const bytes = new Uint8Array(2000).fill(4);
    writePayload(o, bytes);
    await turn();
    deepEqual(payloadOf(o.link.packets[0] as Uint32Array, null), { bytes, isInline: true });
  });
}

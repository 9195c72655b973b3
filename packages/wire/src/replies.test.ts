/** What a host says, as the guest hears it. */
import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import * as encode from './generated/encode.gen.ts';
import { type ReplyHandlers, dispatchReply } from './generated/replies.gen.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

function packetOf(write: (w: Writer) => void): Uint32Array {
  const writer = new Writer();
  write(writer);
  return writer.words.slice(0, writer.length);
}

function heard(packet: Uint32Array): unknown[] {
  const calls: unknown[] = [];
  const handlers = new Proxy({} as ReplyHandlers, {
    get: (_target, name) => (...args: unknown[]) => calls.push([name, ...args.map((each) => (each instanceof Uint8Array ? [...each] : each))]),
  });
  const reader = new Reader();
  reader.open(packet, 2, packet.length);
  dispatchReply(handlers, packet[0] as number, reader);
  return calls;
}

const LARGEST = 0xffffffff;

for (const [name, write, args] of [
  ['Reply.done', (w) => encode.encodeReplyDone(w, LARGEST), [LARGEST]],
  ['Reply.json', (w) => encode.encodeReplyJson(w, 1, '{"é":1}'), [1, '{"é":1}']],
  ['Reply.error', (w) => encode.encodeReplyError(w, 2, 'OperationError', '', 'Why.'), [2, 'OperationError', '', 'Why.']],
  ['Reply.scope', (w) => encode.encodeReplyScope(w, 3, null, ''), [3, null, '']],
  ['Reply.scope', (w) => encode.encodeReplyScope(w, 3, 'out-of-memory', 'Why.'), [3, 'out-of-memory', 'Why.']],
  ['Reply.data', (w) => encode.encodeReplyData(w, 4, Uint8Array.of(1, 2, 3)), [4, [1, 2, 3]]],
  ['Event.welcome', (w) => encode.encodeEventWelcome(w, 1, 2, 24, '{}'), [1, 2, 24, '{}']],
  ['Event.deviceLost', (w) => encode.encodeEventDeviceLost(w, 5, 'destroyed', 'Why.'), [5, 'destroyed', 'Why.']],
  ['Event.uncapturedError', (w) => encode.encodeEventUncapturedError(w, 5, 'internal', 'Why.'), [5, 'internal', 'Why.']],
  ['Event.contextLost', (w) => encode.encodeEventContextLost(w, 'code', 'Why.'), ['code', 'Why.']],
] as readonly (readonly [string, (w: Writer) => void, readonly unknown[]])[]) {
  test(`${name}(${args.join(', ')})`, () => {
    const packet = packetOf(write);
    equal(packet[1], packet.length);
    deepEqual(heard(packet), [[name, ...args]]);
  });

  test(`${name}(${args.join(', ')}), with a word too many or too few, reaches nobody`, () => {
    const packet = packetOf(write);
    const calls: unknown[] = [];
    throws(() => calls.push(...heard(Uint32Array.of(...packet, 0))), { name: 'GuestFault', code: 'packet-trailing' });
    throws(() => calls.push(...heard(packet.slice(0, -1))), { name: 'GuestFault' });
    deepEqual(calls, []);
  });
}

test('a reply that does not exist is a fault', () => {
  throws(() => heard(Uint32Array.of(0, 2)), { name: 'GuestFault' });
  throws(() => heard(Uint32Array.of(99, 2)), { name: 'GuestFault' });
});

import { deepEqual, equal, throws } from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { closeDescriptor, createSealedMemfd, createSocketPair, receiveNow, sendDescriptors, sendNow } from '@gpup/os';
import { acceptLink } from './accept-link.ts';
import { type Announcement, announce, receiveAnnouncement } from './announcement.ts';

const aperture: Announcement = { type: 'aperture', packetWordsMax: 1000, commandRingBytes: 4096, replyRingBytes: 4096, heapBytes: 4096 };

function socketPair(context: TestContext): readonly [number, number] {
  const pair = createSocketPair();
  const openBefore = readdirSync('/proc/self/fd').length;
  context.after(() => {
    equal(readdirSync('/proc/self/fd').length, openBefore, 'a descriptor is left open');
    for (const fd of pair) closeDescriptor(fd);
  });
  return pair;
}

test('words that follow the announcement at once stay in the socket', (context) => {
  const [host, guest] = socketPair(context);
  announce(host, { type: 'stream', packetWordsMax: 7 }, []);
  sendNow(host, Uint8Array.of(1, 2, 3));
  deepEqual(receiveAnnouncement(guest, 1000), { announcement: { type: 'stream', packetWordsMax: 7 }, fd: null });
  const bytes = new Uint8Array(8);
  equal(receiveNow(guest, bytes), 3);
});

const memory = { aperture: () => createSealedMemfd('gpup-test', 4096 * 4), small: () => createSealedMemfd('gpup-test', 4096) };
for (const [what, line, makeMemory, message] of [
  ['no JSON', 'hello', null, /JSON/],
  ['no object', '3', null, /not an object/],
  ['another type', '{"type":"carrier-pigeon","packetWordsMax":5}', null, /\(carrier-pigeon\) is not known/],
  ['a size that is no count', '{"type":"stream","packetWordsMax":-5}', null, /packetWordsMax \(-5\) is not a count/],
  ['an aperture without memory', JSON.stringify(aperture), null, /aperture link came without a descriptor/],
  ['a stream with memory', '{"type":"stream","packetWordsMax":5}', memory.aperture, /stream link came with a descriptor/],
  ['sizes that no aperture has', JSON.stringify({ ...aperture, commandRingBytes: 5000 }), memory.aperture, /No aperture has the announced sizes/],
  ['memory of another size', JSON.stringify(aperture), memory.small, /is 4096 bytes large instead of 16384/],
  ['memory that no host has initialized', JSON.stringify(aperture), memory.aperture, /Aperture magic \(0x0\)/],
] as const) {
  test(`refuses ${what}`, (context) => {
    const [host, guest] = socketPair(context);
    const fds = makeMemory === null ? [] : [makeMemory()];
    sendDescriptors(host, new TextEncoder().encode(`${line}\n`), fds);
    for (const fd of fds) closeDescriptor(fd);
    throws(() => acceptLink(guest, { timeoutMs: 1000 }), message);
  });
}

test('refuses a line without an end', (context) => {
  const [host, guest] = socketPair(context);
  sendNow(host, new Uint8Array(5000).fill(32));
  throws(() => acceptLink(guest), /has no end within 1024 bytes/);
});

test('a host that says nothing, or only half of it, is not waited for for ever', (context) => {
  const [host, guest] = socketPair(context);
  throws(() => acceptLink(guest, { timeoutMs: 5 }), /did not announce a link within 5 ms/);
  sendNow(host, new TextEncoder().encode('{"type":'));
  throws(() => acceptLink(guest, { timeoutMs: 5 }), /did not announce a link within 5 ms/);
});

test('a host that is gone is told from one that is slow', () => {
  const [host, guest] = createSocketPair();
  closeDescriptor(host);
  throws(() => acceptLink(guest), /closed the connection before it announced a link/);
  closeDescriptor(guest);
});

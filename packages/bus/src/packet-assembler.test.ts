import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { GuestFault } from '@gpup/base';
import { FILL_BYTES_MAX, PacketAssembler } from './packet-assembler.ts';
import { Random, seeds } from '@gpup/base/testing';

const packetWordsMax = 1 << 20;

function assembler(): PacketAssembler {
  return new PacketAssembler({ packetWordsMax, violation: (message) => new GuestFault('packet-length', message) });
}

function fill(target: PacketAssembler, bytes: Uint8Array): void {
  target.makeRoom(bytes.length);
  target.bytes.set(bytes, target.endByte);
  target.filled(bytes.length);
}

function fillWords(target: PacketAssembler, ...words: number[]): void {
  fill(target, new Uint8Array(Uint32Array.from(words).buffer));
}

function deliverAll(source: PacketAssembler): number[][] {
  const packets: number[][] = [];
  while (source.deliverNext((words, begin, end) => packets.push([...words.subarray(begin, end)])) > 0);
  return packets;
}

test('cuts words into packets and keeps the part of one', () => {
  const packets = assembler();
  fillWords(packets, 1, 2, 5, 3, 99, 7, 4, 0);
  deepEqual(deliverAll(packets), [[1, 2], [5, 3, 99]]);
  equal(packets.isEmpty, false);
  fillWords(packets, 8);
  deepEqual(deliverAll(packets), [[7, 4, 0, 8]]);
  equal(packets.isEmpty, true);
});

for (const length of [0, 1, packetWordsMax + 1, 2 ** 31, 2 ** 32 - 1]) {
  test(`faults a packet of ${length} words before any of its content is there`, () => {
    const packets = assembler();
    fillWords(packets, 1, length);
    throws(() => deliverAll(packets), {
      name: 'GuestFault',
      code: 'packet-length',
      message: `Packet length (${length} words) is outside of 2 to ${packetWordsMax} words.`,
    });
  });
}

test('a packet of the largest length arrives whole', () => {
  const packets = assembler();
  const words = new Uint32Array(packetWordsMax).fill(3);
  words[1] = packetWordsMax;
  const bytes = new Uint8Array(words.buffer);
  let delivered = 0;
  for (let at = 0; at < bytes.length; at += FILL_BYTES_MAX) {
    equal(packets.deliverNext(() => {}), 0);
    fill(packets, bytes.subarray(at, at + FILL_BYTES_MAX));
  }
  packets.deliverNext((held, begin, end) => {
    delivered = end - begin;
    deepEqual(held.subarray(begin, end), words);
  });
  equal(delivered, packetWordsMax);
});

test('a length alone allocates nothing: the buffer grows with what arrives', () => {
  const packets = assembler();
  const atFirst = packets.bytes.length;
  fillWords(packets, 1, packetWordsMax);
  equal(packets.deliverNext(() => {}), 0);
  equal(packets.bytes.length, atFirst);
  let arrivedBytes = 8;
  while (arrivedBytes < packetWordsMax * 4) {
    const bytes = new Uint8Array(Math.min(FILL_BYTES_MAX, packetWordsMax * 4 - arrivedBytes));
    fill(packets, bytes);
    arrivedBytes += bytes.length;
    equal(packets.bytes.length <= Math.max(atFirst, arrivedBytes * 2), true);
  }
  equal(packets.deliverNext(() => {}), packetWordsMax);
});

test('the buffer of a packet that was much larger than most is given back', () => {
  const packets = assembler();
  const atFirst = packets.bytes.length;
  const bytes = new Uint8Array(2 * packetWordsMax * 4);
  const words = new Uint32Array(bytes.buffer);
  words[1] = packetWordsMax;
  words[packetWordsMax + 1] = packetWordsMax;
  fill(packets, bytes);
  equal(deliverAll(packets).length, 2);
  equal(packets.bytes.length, atFirst);
});

test('a packet stays as it is while its reader makes room and fills', () => {
  const packets = assembler();
  const words = Uint32Array.from({ length: 10_000 }, (_, index) => index);
  words[1] = words.length;
  const bytes = new Uint8Array(words.buffer);
  fill(packets, bytes);
  packets.deliverNext((held, begin, end) => {
    for (let round = 0; round < 20; round += 1) fill(packets, bytes);
    deepEqual(held.subarray(begin, end), words);
  });
  equal(deliverAll(packets).length, 20);
});

test('short lengths are news of the bus where that is agreed, and violations elsewhere', () => {
  const news: number[][] = [];
  const packets = new PacketAssembler({ packetWordsMax, violation: (message) => new Error(message), onProgress: (kind, value) => news.push([kind, value]) });
  fillWords(packets, 12, 0, 1, 2, 13, 1);
  deepEqual(deliverAll(packets), [[1, 2]]);
  deepEqual(news, [[0, 12], [1, 13]]);
});

for (const seed of seeds(3, 77)) {
  test(`packets are the same however their bytes arrive, seed ${seed}`, () => {
    const random = new Random(seed);
    const sent: number[][] = [];
    const stream: number[] = [];
    for (let count = 0; count < 200; count += 1) {
      const packet = Array.from({ length: 2 + random.skewed(3000) }, () => random.word());
      packet[1] = packet.length;
      sent.push(packet);
      stream.push(...packet);
    }
    const bytes = new Uint8Array(Uint32Array.from(stream).buffer);
    const packets = assembler();
    const received: number[][] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + random.skewed(100_000));
      fill(packets, bytes.subarray(at, end));
      at = end;
      if (random.below(3) > 0) received.push(...deliverAll(packets));
    }
    received.push(...deliverAll(packets));
    deepEqual(received, sent);
    equal(packets.isEmpty, true);
  });
}

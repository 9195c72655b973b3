import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { HEADER } from './aperture-layout.ts';
import { RingConsumer, RingProducer } from './ring.ts';
import { RingSender } from './ring-sender.ts';
import { FakeDoorbell } from './testing/fake-platform.ts';

function senderWithPeer({ capacityWords = 16, mayRingLater = false } = {}) {
  const control = new Int32Array(1024);
  const ring = new Uint32Array(capacityWords);
  const violation = (message: string): Error => new Error(message);
  const ends = { control, ring, tailIndex: HEADER.commandTail, headIndex: HEADER.commandHead, violation };
  const doorbell = new FakeDoorbell();
  const sender = new RingSender({
    producer: new RingProducer(ends),
    control,
    peerSleepingIndex: HEADER.hostSleeping,
    wantsRoomIndex: HEADER.guestWantsRoom,
    doorbell,
    queueBytesMax: 400,
  });
  const consumer = new RingConsumer(ends);
  const take = (): number[] => {
    const words = new Uint32Array(consumer.poll());
    consumer.read(words, 0, words.length);
    return [...words];
  };
  const sendNumbers = (begin: number, end: number): void => {
    const words = Uint32Array.from({ length: end - begin }, (_, index) => begin + index);
    sender.send(words, 0, words.length, mayRingLater);
  };
  return { control, doorbell, sender, take, sendNumbers };
}

function numbers(begin: number, end: number): number[] {
  return Array.from({ length: end - begin }, (_, index) => begin + index);
}

test('only a sleeping peer is rung, and once', () => {
  const { control, doorbell, sendNumbers } = senderWithPeer();
  sendNumbers(0, 2);
  equal(doorbell.ringCount, 0);
  Atomics.store(control, HEADER.hostSleeping, 1);
  sendNumbers(2, 4);
  sendNumbers(4, 6);
  equal(doorbell.ringCount, 1);
  equal(Atomics.load(control, HEADER.hostSleeping), 0);
});

// A ring that may wait for the end of the task.

const atEndOfTask = { mayRingLater: true };

test('a sleeping peer is rung at the end of the task, and sees the words before that', () => {
  const { control, doorbell, sender, take, sendNumbers } = senderWithPeer(atEndOfTask);
  Atomics.store(control, HEADER.hostSleeping, 1);
  sendNumbers(0, 2);
  equal(doorbell.ringCount, 0);
  deepEqual(take(), numbers(0, 2));
  sender.ringIfDue();
  equal(doorbell.ringCount, 1);
});

test('a second send in one task rings, and the end of the task does not ring again', () => {
  const { control, doorbell, sender, sendNumbers } = senderWithPeer(atEndOfTask);
  Atomics.store(control, HEADER.hostSleeping, 1);
  sendNumbers(0, 2);
  sendNumbers(2, 4);
  equal(doorbell.ringCount, 1);
  sender.ringIfDue();
  equal(doorbell.ringCount, 1);
});

test('a peer that has woken by itself is not rung', () => {
  const { control, doorbell, sender, sendNumbers } = senderWithPeer(atEndOfTask);
  Atomics.store(control, HEADER.hostSleeping, 1);
  sendNumbers(0, 2);
  Atomics.store(control, HEADER.hostSleeping, 0);
  sender.ringIfDue();
  equal(doorbell.ringCount, 0);
});

test('a ring that is due is rung once, and none where none is due', () => {
  const { control, doorbell, sender, sendNumbers } = senderWithPeer(atEndOfTask);
  sendNumbers(0, 2);
  Atomics.store(control, HEADER.hostSleeping, 1);
  sender.ringIfDue();
  equal(doorbell.ringCount, 0);
  sendNumbers(2, 4);
  sender.ringIfDue();
  sender.ringIfDue();
  equal(doorbell.ringCount, 1);
});

for (const [wordCount, ringCount] of [[1 << 15, 0], [(1 << 15) + 1, 1]] as const) {
  test(`${wordCount} words ${ringCount === 0 ? 'wait for the end of the task' : 'ring at once'}`, () => {
    const { control, doorbell, sendNumbers } = senderWithPeer({ ...atEndOfTask, capacityWords: 1 << 16 });
    Atomics.store(control, HEADER.hostSleeping, 1);
    sendNumbers(0, wordCount);
    equal(doorbell.ringCount, ringCount);
  });
}

test('what does not fit rings at once: the peer must make room', () => {
  const { control, doorbell, sendNumbers } = senderWithPeer(atEndOfTask);
  Atomics.store(control, HEADER.hostSleeping, 1);
  sendNumbers(0, 20);
  equal(doorbell.ringCount, 1);
});

test('a sender that was closed touches nothing at the end of the task', () => {
  const { control, doorbell, sender, sendNumbers } = senderWithPeer(atEndOfTask);
  Atomics.store(control, HEADER.hostSleeping, 1);
  sendNumbers(0, 2);
  sender.close();
  sender.ringIfDue();
  deepEqual([doorbell.ringCount, Atomics.load(control, HEADER.hostSleeping)], [0, 1]);
});

test('what does not fit waits, says that it wants room, and keeps its order', () => {
  const { control, sender, take, sendNumbers } = senderWithPeer();
  sendNumbers(0, 20);
  sendNumbers(20, 40);
  equal(sender.queuedBytes, (40 - 16) * 4);
  equal(sender.position, 40);
  equal(Atomics.load(control, HEADER.guestWantsRoom), 1);
  deepEqual(take(), numbers(0, 16));
  sender.flush();
  deepEqual(take(), numbers(16, 32));
  sendNumbers(40, 42);
  deepEqual(take(), numbers(32, 42));
  equal(sender.queuedBytes, 0);
});

test('room that appears just before it is asked for is used at once', () => {
  const { control, sender, take, sendNumbers } = senderWithPeer();
  sendNumbers(0, 16);
  // The peer frees between the sender's look and its word that it wants room.
  const store = Atomics.store;
  let taken: number[] = [];
  Atomics.store = ((array: Int32Array, index: number, value: number) => {
    if (index === HEADER.guestWantsRoom && taken.length === 0) taken = take();
    return store(array, index, value);
  }) as typeof Atomics.store;
  try {
    sendNumbers(16, 20);
  } finally {
    Atomics.store = store;
  }
  deepEqual(taken, numbers(0, 16));
  equal(sender.queuedBytes, 0);
  deepEqual(take(), numbers(16, 20));
  equal(control.length > 0, true);
});

test('the limit counts what waits; a single send may exceed it when nothing does', () => {
  const { sender, sendNumbers } = senderWithPeer();
  equal(sender.hasRoomFor(1000), true);
  sendNumbers(0, 16 + 90);
  equal(sender.hasRoomFor(10), true);
  equal(sender.hasRoomFor(11), false);
});

import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { GuestFault } from '@gpup/base';
import { HEADER } from './aperture-layout.ts';
import { LookPolicy } from './look-policy.ts';
import { PacketAssembler } from './packet-assembler.ts';
import { RingConsumer, RingProducer } from './ring.ts';
import { RingReceiver } from './ring-receiver.ts';
import { FakeDoorbell, FakeScheduler } from './testing/fake-platform.ts';

function receiverWithPeer(deliver: (opcode: number) => void = () => {}) {
  const control = new Int32Array(1024);
  const ring = new Uint32Array(1024);
  const violation = (message: string): Error => new GuestFault('ring-index', message);
  const ends = { control, ring, tailIndex: HEADER.commandTail, headIndex: HEADER.commandHead, violation };
  const producer = new RingProducer(ends);
  const scheduler = new FakeScheduler();
  const doorbell = new FakeDoorbell();
  const received: number[] = [];
  const reported: number[] = [];
  const failures: unknown[] = [];
  const look = new LookPolicy({ spinMs: 0.02, lookMs: 0.05, napMsMax: 0.02 });
  const receiver = new RingReceiver({
    consumer: new RingConsumer(ends),
    assembler: new PacketAssembler({ packetWordsMax: 1000, violation }),
    control,
    sleepingIndex: HEADER.hostSleeping,
    peerWantsRoomIndex: HEADER.guestWantsRoom,
    doorbell,
    scheduler,
    look,
    deliver: (words, begin) => {
      received.push(words[begin] as number);
      deliver(words[begin] as number);
    },
    delivered: (position) => reported.push(position),
    failed: (error) => failures.push(error),
  });
  const publish = (...opcodes: number[]): void => {
    const words = Uint32Array.from(opcodes.flatMap((opcode) => [opcode, 2]));
    producer.write(words, 0, words.length);
    producer.publish();
  };
  const isAsleep = (): boolean => Atomics.load(control, HEADER.hostSleeping) === 1;
  /** Turns the loop until nothing is due; each turn takes `turnMs`. */
  const settle = (turnMs: number): number => {
    let turnCount = 0;
    for (; scheduler.dueCount > 0; turnCount += 1) {
      scheduler.turn();
      scheduler.timeMs += turnMs;
    }
    return turnCount;
  };
  return { control, producer, scheduler, doorbell, received, reported, failures, look, receiver, publish, isAsleep, settle };
}

test('an idle receiver sleeps and asks for no turn of the event loop', () => {
  const { scheduler, isAsleep, settle } = receiverWithPeer();
  settle(0.001);
  equal(isAsleep(), true);
  equal(scheduler.dueCount, 0);
});

test('a receiver that is woken delivers at once, looks for a while, and sleeps again', () => {
  const { receiver, received, publish, isAsleep, settle } = receiverWithPeer();
  settle(0.001);
  publish(7, 8);
  receiver.wake();
  deepEqual(received, [7, 8]);
  equal(isAsleep(), false);
  const turnCount = settle(0.01);
  equal(turnCount >= 2 && turnCount <= 7, true);
  equal(isAsleep(), true);
});

test('what is published while it looks is found without a ring', () => {
  const { receiver, received, publish, scheduler, settle } = receiverWithPeer();
  settle(0.001);
  publish(1);
  receiver.wake();
  publish(2);
  scheduler.turn();
  deepEqual(received, [1, 2]);
});

test('what is published just before it falls asleep is found by the look after', () => {
  const { control, producer, received, scheduler, settle, isAsleep } = receiverWithPeer();
  const words = Uint32Array.of(9, 2);
  producer.write(words, 0, 2);
  // The peer publishes between the receiver's last empty look and its word that it sleeps.
  const store = Atomics.store;
  Atomics.store = ((array: Int32Array, index: number, value: number) => {
    if (index === HEADER.hostSleeping && value === 1) store(control, HEADER.commandTail, 2);
    return store(array, index, value);
  }) as typeof Atomics.store;
  try {
    scheduler.turn();
    equal(isAsleep(), false);
    settle(0.01);
  } finally {
    Atomics.store = store;
  }
  deepEqual(received, [9]);
});

test('where nothing is expected there is no looking, and expecting starts it', () => {
  const { look, receiver, publish, scheduler, settle, isAsleep } = receiverWithPeer();
  settle(0.001);
  receiver.expect(null);
  publish(1);
  receiver.wake();
  equal(isAsleep(), true);
  equal(scheduler.dueCount, 0);
  receiver.expect(look);
  equal(isAsleep(), false);
  equal(settle(0.01) > 1, true);
  equal(isAsleep(), true);
});

test('what is expected for longer is looked for for longer', () => {
  const { look, receiver, settle, isAsleep } = receiverWithPeer();
  const longer = new LookPolicy({ spinMs: 0.2, lookMs: 0.2, napMsMax: 0 });
  const turnsOf = (policy: LookPolicy): number => {
    receiver.expect(null);
    receiver.expect(policy);
    const turnCount = settle(0.01);
    equal(isAsleep(), true);
    return turnCount;
  };
  settle(0.01);
  equal(turnsOf(longer) > 2 * turnsOf(look), true);
});

test('a spin that found the last thing that was expected counts as one that was worth it', () => {
  const { look, receiver, scheduler, publish, settle } = receiverWithPeer(() => receiver.expect(null));
  receiver.expect(null);
  settle(0.01);
  const occasion = (answerMs: number): boolean => {
    receiver.expect(look);
    const isSpin = look.nextLookMs(scheduler.timeMs) === 0;
    for (const untilMs = scheduler.timeMs + answerMs; scheduler.timeMs < untilMs; scheduler.timeMs += 0.005) scheduler.turn();
    publish(1);
    receiver.wake();
    settle(0.01);
    return isSpin;
  };
  const vain = [occasion(1), occasion(1), occasion(1), occasion(1)];
  deepEqual(vain, [true, false, false, true]);
  // One that finds something, after four that do not spin; from then on one in vain is followed by two that do not.
  deepEqual([0, 0, 0, 0, 0].map(() => occasion(0.01)), [false, false, false, false, true]);
  deepEqual([occasion(1), occasion(1), occasion(1), occasion(0.01)], [true, false, false, true]);
});

test('a turn ends when its time is over, and the rest comes in the next', () => {
  const { receiver, received, reported, publish, scheduler, settle } = receiverWithPeer(() => {
    scheduler.timeMs += 0.4;
  });
  settle(0.001);
  publish(1, 2, 3, 4, 5);
  receiver.wake();
  deepEqual(received, [1, 2, 3]);
  deepEqual(reported, [2, 4, 6]);
  scheduler.turn();
  deepEqual(received, [1, 2, 3, 4, 5]);
  deepEqual(reported, [2, 4, 6, 8, 10]);
});

test('a paused receiver delivers nothing, keeps the order, and goes on where it stopped', () => {
  const { receiver, received, reported, publish, scheduler, settle } = receiverWithPeer((opcode) => {
    if (opcode === 2) receiver.pause();
  });
  settle(0.001);
  publish(1, 2, 3);
  receiver.wake();
  deepEqual(received, [1, 2]);
  deepEqual(reported, [2, 4]);
  receiver.wake();
  settle(0.001);
  deepEqual(received, [1, 2]);
  publish(4);
  receiver.resume();
  scheduler.turn();
  deepEqual(received, [1, 2, 3, 4]);
});

test('pausing and resuming inside of one delivery changes nothing', () => {
  const { receiver, received, publish, scheduler, settle } = receiverWithPeer(() => {
    receiver.pause();
    receiver.resume();
    receiver.pause();
    receiver.resume();
  });
  settle(0.001);
  publish(1, 2, 3);
  receiver.wake();
  equal(scheduler.dueCount, 1);
  settle(0.01);
  deepEqual(received, [1, 2, 3]);
});

test('a failed packet stops everything; what came before it is reported, it is not', () => {
  const { receiver, received, reported, failures, publish, settle } = receiverWithPeer((opcode) => {
    if (opcode === 3) throw new GuestFault('bad-opcode', 'no such opcode');
  });
  settle(0.001);
  publish(1, 2, 3, 4);
  receiver.wake();
  publish(5);
  receiver.wake();
  settle(0.001);
  deepEqual(received, [1, 2, 3]);
  deepEqual(reported, [2, 4]);
  equal(failures.length, 1);
});

test('room is offered to a peer that wants it, once, when half of the ring is free', () => {
  const { control, receiver, doorbell, publish, settle } = receiverWithPeer();
  settle(0.001);
  publish(1);
  Atomics.store(control, HEADER.guestWantsRoom, 1);
  receiver.wake();
  equal(doorbell.ringCount, 1);
  equal(Atomics.load(control, HEADER.guestWantsRoom), 0);
  publish(2);
  settle(0.001);
  equal(doorbell.ringCount, 1);
});

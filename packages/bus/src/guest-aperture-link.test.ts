import { deepEqual, equal, match, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { HEADER, initializeHeader, layoutAperture, viewAperture } from './aperture-layout.ts';
import { GuestApertureLink } from './guest-aperture-link.ts';
import type { CloseReason } from './link.ts';
import { RingProducer } from './ring.ts';
import { FakeDoorbell, FakeScheduler } from './testing/fake-platform.ts';

const SINK = 2;

/** A guest on a platform that the test turns by hand; `sleep` is what happens while the guest is blocked. */
function guestOnFakes({ sleep = null, queueBytesMax = 1 << 20 }: { sleep?: ((ms: number) => void) | null; queueBytesMax?: number } = {}) {
  const layout = layoutAperture({ commandRingBytes: 4096, replyRingBytes: 4096, heapBytes: 8192 });
  ok(layout !== null);
  const aperture = viewAperture(new ArrayBuffer(layout.sizeBytes), layout);
  const { control } = aperture;
  initializeHeader(control);
  const clock = new FakeScheduler();
  const scheduler = {
    soon: (callback: () => void) => clock.soon(callback),
    later: (callback: () => void) => clock.later(callback),
    nowMs: () => clock.nowMs(),
    sleep:
      sleep === null
        ? null
        : (ms: number): void => {
            clock.timeMs += ms;
            sleep(ms);
          },
  };
  const doorbell = new FakeDoorbell();
  let releaseCount = 0;
  const link = new GuestApertureLink({
    aperture,
    doorbell,
    scheduler,
    queueBytesMax,
    packetWordsMax: 5000,
    release: () => {
      releaseCount += 1;
    },
  });
  const replies = new RingProducer({
    control,
    ring: aperture.replyRing,
    tailIndex: HEADER.replyTail,
    headIndex: HEADER.replyHead,
    violation: (message) => new Error(message),
  });
  const reply = (...words: number[]): void => {
    replies.write(Uint32Array.from(words), 0, words.length);
    replies.publish();
  };
  const reasons: CloseReason[] = [];
  link.onClose = (reason) => reasons.push(reason);
  const received: number[][] = [];
  link.onPacket = (words, begin, end) => received.push([...words.subarray(begin, end)]);
  const settle = (): void => {
    for (; clock.dueCount > 0; clock.timeMs += 0.01) clock.turn();
  };
  /** The host takes all that is in the ring, and has executed it. */
  const execute = (): void => {
    const tail = Atomics.load(control, HEADER.commandTail);
    Atomics.store(control, HEADER.commandHead, tail);
    Atomics.store(control, HEADER.executed, tail);
  };
  const send = (wordCount: number): void => {
    const words = new Uint32Array(wordCount);
    words.set([SINK, wordCount]);
    link.send(words, 0, wordCount);
  };
  settle();
  return { link, control, doorbell, clock, reply, received, reasons, settle, execute, send, releases: () => releaseCount };
}

test('words that are in the command ring before its pages are touched stay as they are', () => {
  const layout = layoutAperture({ commandRingBytes: 8192, replyRingBytes: 4096, heapBytes: 8192 });
  ok(layout !== null);
  const aperture = viewAperture(new ArrayBuffer(layout.sizeBytes), layout);
  initializeHeader(aperture.control);
  const clock = new FakeScheduler();
  const scheduler = { soon: (callback: () => void) => clock.soon(callback), later: () => {}, nowMs: () => 0, sleep: null };
  const link = new GuestApertureLink({ aperture, doorbell: new FakeDoorbell(), scheduler });
  const words = Uint32Array.from({ length: 1500 }, (_, i) => i + 1);
  link.send(words, 0, words.length);
  clock.turn();
  deepEqual(aperture.commandRing.subarray(0, words.length), words);
});

for (const [what, word, value] of [
  ['a reply tail beyond the ring', HEADER.replyTail, 1025],
  ['a reply tail that goes back', HEADER.replyTail, -1],
] as const) {
  test(`a host that writes ${what} is closed as a protocol error`, () => {
    const { control, doorbell, reasons, releases } = guestOnFakes();
    Atomics.store(control, word, value);
    doorbell.onRing();
    equal(reasons.length, 1);
    equal(reasons[0]?.kind, 'protocol');
    equal(doorbell.isClosed, true);
    equal(releases(), 1);
  });
}

test('a host that frees commands which were never sent is closed as a protocol error', () => {
  const { control, reasons, send } = guestOnFakes();
  Atomics.store(control, HEADER.commandHead, 9);
  send(1025);
  equal(reasons[0]?.kind, 'protocol');
  send(2);
  equal(reasons.length, 1);
});

test('a host that sends a packet longer than agreed is closed as a protocol error', () => {
  const { doorbell, reasons, reply } = guestOnFakes();
  reply(1, 5001);
  doorbell.onRing();
  deepEqual(reasons, [{ kind: 'protocol', message: 'Packet length (5001 words) is outside of 2 to 5000 words.' }]);
});

test('an error of the one who receives a packet is his own; the next packet comes all the same', () => {
  const { link, doorbell, reply, received, settle, reasons } = guestOnFakes();
  const deliver = link.onPacket;
  link.onPacket = () => {
    link.onPacket = deliver;
    throw new Error('of the application');
  };
  reply(1, 2, 3, 2);
  throws(() => doorbell.onRing(), /of the application/);
  settle();
  deepEqual(received, [[3, 2]]);
  deepEqual(reasons, []);
});

test('an error of the one who receives a packet after he closed the link opens nothing again', () => {
  const { link, doorbell, reply, received, settle } = guestOnFakes();
  link.onPacket = () => {
    link.close();
    throw new Error('of the application');
  };
  reply(1, 2, 3, 2);
  throws(() => doorbell.onRing(), /of the application/);
  settle();
  deepEqual(received, []);
});

test('the process is kept alive exactly while somebody waits', () => {
  const { link, doorbell } = guestOnFakes();
  equal(doorbell.isWaiting, false);
  link.setWaiting(true);
  equal(doorbell.isWaiting, true);
  link.setWaiting(false);
  equal(doorbell.isWaiting, false);
});

test('more than may wait closes the link where the thread cannot block', () => {
  const { reasons, send } = guestOnFakes({ queueBytesMax: 4096 });
  send(1024);
  send(1024);
  send(2);
  equal(reasons.length, 1);
  const [reason] = reasons;
  ok(reason?.kind === 'queue-full');
  match(reason.message, /\(4096 bytes wait\)/);
});

test('a blocked guest sleeps in growing steps, and sends on as soon as there is room', () => {
  const steps: number[] = [];
  const guest = guestOnFakes({
    queueBytesMax: 4096,
    sleep: (ms) => {
      steps.push(ms);
      if (steps.length === 10) guest.execute();
    },
  });
  guest.send(1024);
  guest.send(1024);
  guest.send(1000);
  equal(steps.length, 10);
  deepEqual(steps.slice(0, 4), [0.02, 0.04, 0.08, 0.16]);
  equal(Math.max(...steps), 1);
  deepEqual(guest.reasons, []);
});

test('a guest that waits for progress takes replies in, and delivers them later', () => {
  const guest = guestOnFakes({
    sleep: () => {
      guest.reply(7, 2);
      if (guest.clock.timeMs > 3) guest.execute();
    },
  });
  guest.send(100);
  equal(guest.link.waitForProgress(1000), true);
  deepEqual(guest.received, []);
  // The ring was emptied meanwhile: the host had room.
  equal(Atomics.load(guest.control, HEADER.replyHead), Atomics.load(guest.control, HEADER.replyTail));
  guest.settle();
  ok(guest.received.length > 3);
});

test('a guest that waits inside of a delivery does not disturb the packet it reads', () => {
  const guest = guestOnFakes({
    sleep: () => {
      guest.reply(7, 500, ...new Array<number>(498).fill(9));
      if (guest.clock.timeMs > 5) guest.execute();
    },
  });
  guest.send(100);
  const expected = [1, 400, ...new Array<number>(398).fill(5)];
  guest.link.onPacket = (words, begin, end) => {
    guest.link.onPacket = (later, from, to) => guest.received.push([...later.subarray(from, to)]);
    equal(guest.link.waitForProgress(1000), true);
    deepEqual([...words.subarray(begin, end)], expected);
  };
  guest.reply(...expected);
  guest.doorbell.onRing();
  guest.settle();
  ok(guest.received.length > 3);
  ok(guest.received.every((packet) => packet[0] === 7 && packet.length === 500));
});

test('waiting ends when its time is over, and when the host is gone', () => {
  const guest = guestOnFakes({ sleep: () => {} });
  guest.send(100);
  equal(guest.link.waitForProgress(50), false);
  equal(Math.round(guest.clock.timeMs) >= 50, true);
  guest.doorbell.isPeerAlive = () => false;
  equal(guest.link.waitForProgress(Number.POSITIVE_INFINITY), false);
});

test('progress that came before the wait is seen by it', () => {
  const guest = guestOnFakes({ sleep: () => {} });
  guest.send(100);
  guest.execute();
  equal(guest.link.waitForProgress(1000), true);
  equal(guest.link.waitForProgress(1000), false);
});

test('room that the host offers while a blocked guest throws rings away is used all the same', () => {
  const guest = guestOnFakes({
    queueBytesMax: 1 << 20,
    sleep: () => {},
  });
  guest.send(1024);
  guest.send(1024);
  // The ring for room arrives in the very moment in which the guest asks whether the host lives.
  guest.doorbell.isPeerAlive = () => {
    guest.execute();
    Atomics.store(guest.control, HEADER.guestWantsRoom, 0);
    return true;
  };
  const { executed } = HEADER;
  Atomics.store(guest.control, executed, 0);
  guest.link.waitForProgress(10.5);
  equal(Atomics.load(guest.control, HEADER.commandTail), 2048);
});

test('what a host said last is delivered before its end', () => {
  const { doorbell, reply, received, reasons } = guestOnFakes();
  reply(4, 2, 5, 2);
  doorbell.onPeerGone('killed');
  deepEqual(received, [[4, 2], [5, 2]]);
  deepEqual(reasons, [{ kind: 'peer-gone', message: 'killed' }]);
});

import { deepEqual, equal, match, ok, throws } from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn, setTimeout as pass } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { GuestFault } from '@gpup/base';
import { punchHole, resizeFile, sendNow } from '@gpup/os';
import { HEADER, HEADER_BYTES } from './aperture-layout.ts';
import type { CloseReason } from './link.ts';
import { HostileGuest } from './testing/hostile-guest.ts';
import { seeds } from '@gpup/base/testing';
import type { Scribbling } from './testing/scribbler.ts';

const sizes = { commandRingBytes: 4096, replyRingBytes: 4096, heapBytes: 64 * 1024, packetWordsMax: 4096 };
const commandRingWords = sizes.commandRingBytes / 4;
const ECHO = 1;

function hostileGuest(context: TestContext, options = {}) {
  const guest = new HostileGuest({ ...sizes, ...options });
  context.after(() => guest.close());
  const { host } = guest;
  const delivered: number[][] = [];
  host.onPacket = (words, begin, end) => {
    delivered.push([...words.subarray(begin, end)]);
    if (words[begin] === ECHO) host.send(words, begin, end);
  };
  const faulted = new Promise<GuestFault>((resolve) => {
    host.onFault = resolve;
  });
  const closed = new Promise<CloseReason>((resolve) => {
    host.onClose = resolve;
  });
  return { guest, host, control: guest.aperture.control, delivered, faulted, closed };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

const garbage = [1, -1, 2 ** 31 - 1, -(2 ** 31), 0x50555047, commandRingWords + 1];
const checkedWords: number[] = [HEADER.commandTail, HEADER.replyHead];
const harmlessWords = Array.from({ length: HEADER_BYTES / 4 }, (_, index) => index).filter((index) => !checkedWords.includes(index));

test('garbage in every header word but the two that are checked changes nothing for the host', async (context) => {
  const { guest, control, delivered } = hostileGuest(context);
  for (const value of garbage) {
    const before = delivered.length;
    for (const index of harmlessWords) Atomics.store(control, index, value);
    guest.publish(ECHO, 3, value);
    await until(() => delivered.length > before);
    deepEqual(delivered.at(-1), [ECHO, 3, value >>> 0]);
  }
});

for (const tail of [-1, commandRingWords + 1, 2 ** 31 - 1, -(2 ** 31)]) {
  test(`a command tail of ${tail} is a fault, and nothing is delivered any more`, async (context) => {
    const { guest, control, delivered, faulted } = hostileGuest(context);
    await turn();
    Atomics.store(control, HEADER.commandTail, tail);
    guest.ring();
    const { code, message } = await faulted;
    equal(code, 'ring-index');
    match(message, /^Ring tail \(\d+\) is not between/);
    Atomics.store(control, HEADER.commandTail, 0);
    guest.publish(ECHO, 2);
    await pass(5);
    deepEqual(delivered, []);
  });
}

for (const head of [-1, 1, 2 ** 31 - 1, -(2 ** 31)]) {
  test(`a reply head of ${head}, where nothing is sent, is a fault once the host looks`, async (context) => {
    const { guest, host, control, faulted } = hostileGuest(context);
    Atomics.store(control, HEADER.replyHead, head);
    const large = new Uint32Array(sizes.replyRingBytes / 4 + 1);
    throws(() => host.send(large, 0, large.length), { name: 'GuestFault', code: 'ring-index' });
    host.onPacket = () => host.send(large, 0, large.length);
    guest.publish(5, 2);
    equal((await faulted).code, 'ring-index');
  });
}

for (const length of [0, 1, sizes.packetWordsMax + 1, 2 ** 31, 2 ** 32 - 1]) {
  test(`a packet of ${length} words is a fault, after the packets before it`, async (context) => {
    const { guest, control, delivered, faulted } = hostileGuest(context);
    guest.publish(5, 3, 1, 6, length);
    const { code } = await faulted;
    equal(code, 'packet-length');
    deepEqual(delivered, [[5, 3, 1]]);
    equal(Atomics.load(control, HEADER.executed), 3);
  });
}

test('a packet that is announced and never sent keeps nothing from the host but itself', async (context) => {
  const { guest, control, delivered, closed } = hostileGuest(context);
  guest.publish(5, 2, 6, sizes.packetWordsMax);
  await until(() => delivered.length === 1);
  equal(Atomics.load(control, HEADER.executed), 2);
  equal(Atomics.load(control, HEADER.commandHead), 4);
  guest.close();
  equal((await closed).kind, 'closed');
});

test('the guest cannot resize the memory, before or after', (context) => {
  const { guest } = hostileGuest(context);
  throws(() => resizeFile(guest.memfd, 0), { code: 'EPERM' });
  throws(() => resizeFile(guest.memfd, guest.sizeBytes * 2), { code: 'EPERM' });
});

test('a hole punched into the heap reads as zeros; the host goes on', async (context) => {
  const { guest, host, delivered } = hostileGuest(context);
  guest.aperture.heap.fill(9);
  equal(host.heap[100], 9);
  punchHole(guest.memfd, guest.sizeBytes - sizes.heapBytes, sizes.heapBytes);
  equal(host.heap.every((byte) => byte === 0), true);
  guest.publish(ECHO, 2);
  await until(() => delivered.length === 1);
});

test('a hole punched into the header takes the tail back: a fault, not a crash', async (context) => {
  const { guest, delivered, faulted } = hostileGuest(context);
  guest.publish(ECHO, 2);
  await until(() => delivered.length === 1);
  punchHole(guest.memfd, 0, guest.sizeBytes);
  guest.ring();
  equal((await faulted).code, 'ring-index');
});

test('a guest that unmaps its memory only leaves the host alone with it', async (context) => {
  const { guest, host, control, delivered } = hostileGuest(context);
  guest.publish(ECHO, 2);
  await until(() => delivered.length === 1);
  guest.mapping.release();
  equal(control[HEADER.magic], 0);
  guest.ring();
  await turn();
  host.send(Uint32Array.of(1, 2), 0, 2);
});

test('a flood of rings neither grows anything nor keeps the host from its work', async (context) => {
  const { guest, host, delivered, control } = hostileGuest(context);
  const flood = new Uint8Array(64 * 1024);
  let timerCount = 0;
  const timer = setInterval(() => {
    timerCount += 1;
  }, 1);
  let floodedBytes = 0;
  for (let round = 0; round < 300; round += 1) {
    for (let sent = sendNow(guest.socketFd, flood); sent !== 0 && sent !== 'gone'; sent = sendNow(guest.socketFd, flood)) floodedBytes += sent;
    if (round % 10 === 0) guest.publish(ECHO, 3, round);
    // A guest that says that it sleeps makes the host ring it each time, into a socket that nobody reads.
    Atomics.store(control, HEADER.guestSleeping, 1);
    host.send(Uint32Array.of(9, 2), 0, 2);
    Atomics.store(control, HEADER.replyHead, Atomics.load(control, HEADER.replyTail));
    await turn();
  }
  await until(() => delivered.length === 30);
  clearInterval(timer);
  ok(floodedBytes > 8 << 20);
  ok(timerCount > 0);
});

test('a guest that does not read its replies is at fault once the backlog is full', async (context) => {
  const replyBacklogBytesMax = 16 * 1024;
  const { guest, host, faulted } = hostileGuest(context, { replyBacklogBytesMax });
  const words = new Uint32Array(1000);
  words.set([9, words.length]);
  let sentCount = 0;
  host.onPacket = () => {
    for (;;) {
      host.send(words, 0, words.length);
      sentCount += 1;
    }
  };
  guest.publish(5, 2);
  const { code, message } = await faulted;
  equal(code, 'reply-backlog');
  match(message, /^Replies that the guest does not read reach the limit \(\d+ of 16384 bytes wait\)\.$/);
  equal(sentCount, Math.floor((sizes.replyRingBytes + replyBacklogBytesMax) / (words.length * 4)));
});

test('the executed position is behind executed packets only', async (context) => {
  const { guest, host, control } = hostileGuest(context);
  const seen: number[] = [];
  let position = 0;
  host.onPacket = (_words, begin, end) => {
    seen.push(Atomics.load(control, HEADER.executed) - position);
    position += end - begin;
  };
  guest.publish(5, 2, 6, 4, 0, 0, 7, 2);
  await until(() => Atomics.load(control, HEADER.executed) === 8);
  equal(seen.every((ahead) => ahead <= 0), true);
});

test('the host sees the end of its guest while it is paused', async (context) => {
  const { guest, host, closed } = hostileGuest(context);
  host.pause();
  guest.publish(ECHO, 2);
  await turn();
  guest.end();
  equal((await closed).kind, 'peer-gone');
});

// The tail and the head spared: random packets; nothing spared: random everything.
for (const spared of [[], checkedWords]) {
  for (const seed of seeds(1, 2, 3, 4)) {
    test(`a guest that scribbles over everything${spared.length > 0 ? ' but the indexes' : ''} ends in a guest fault or not at all, seed ${seed}`, { timeout: 60_000 }, async (context) => {
      const { guest, host, control } = hostileGuest(context);
      const faults: GuestFault[] = [];
      host.onFault = (fault) => faults.push(fault);
      const scribbling: Scribbling = { memfd: guest.memfd, socketFd: guest.socketFd, sizeBytes: guest.sizeBytes, seed, writeCount: 200_000, spared };
      const worker = new Worker(new URL('./testing/scribbler.js', import.meta.url), { workerData: scribbling });
      const ended = once(worker, 'exit');
      let isScribbling = true;
      void ended.then(() => {
        isScribbling = false;
      });
      while (isScribbling) {
        if (spared.length > 0) Atomics.add(control, HEADER.commandTail, 3);
        try {
          host.send(Uint32Array.of(9, 2), 0, 2);
        } catch (error) {
          if (!(error instanceof Error && error.name === 'GuestFault')) throw error;
        }
        host.publishCompleted(5);
        await turn();
      }
      await ended;
      ok(faults.length <= 1);
      ok(faults.every(({ code }) => ['ring-index', 'packet-length', 'reply-backlog'].includes(code)));
    });
  }
}

import { deepEqual, equal, ok } from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { setImmediate as turn, setTimeout as pass } from 'node:timers/promises';
import type { Carrier, PairOptions } from './testing/link-pair.ts';
import { Random, seeds } from '@gpup/base/testing';
import { TestGuest } from './testing/test-guest.ts';
import { ASK } from './testing/test-protocol.ts';

const smallRings = { commandRingBytes: 8192, replyRingBytes: 4096, heapBytes: 64 * 1024, packetWordsMax: 1 << 18 };

/** What every pair of links promises, whatever carries the words. */
export function linkSuite(carrier: Carrier): void {
  const { isApart, hasHeap, guestBlocks } = carrier;

  async function open(context: TestContext, options: PairOptions = smallRings): Promise<TestGuest> {
    const pair = await carrier.open(options);
    context.after(() => pair.dispose());
    return new TestGuest(pair.guest);
  }

  /** Hangs are how lost words and lost wake-ups show. */
  const limits = { timeout: 120_000 };

  suite(carrier.name, () => {
    test('packets arrive in order, one send or many', limits, async (context) => {
      const guest = await open(context);
      for (let index = 0; index < 1000; index += 1) guest.send(ASK.sink, index);
      guest.sendWords(Uint32Array.of(ASK.sink, 2, ASK.sink, 3, 7, ASK.sink, 4, 8, 9));
      await guest.checkArrived();
    });

    test('replies come in order', limits, async (context) => {
      const guest = await open(context);
      const replies = [];
      for (let index = 0; index < 3000; index += 1) replies.push(guest.ask(ASK.echo, index));
      for (const [index, reply] of (await Promise.all(replies)).entries()) deepEqual([...reply], [ASK.echo, 3, index]);
    });

    test('the largest packet arrives whole, both ways, however small the ring', limits, async (context) => {
      const guest = await open(context);
      equal(guest.link.packetWordsMax, smallRings.packetWordsMax);
      const words = Uint32Array.from({ length: smallRings.packetWordsMax }, (_, index) => Math.imul(index, 0x9e3779b1));
      words.set([ASK.echo, words.length]);
      const reply = guest.nextReply();
      guest.sendWords(words);
      deepEqual(await reply, words);
      await guest.checkArrived();
    });

    test('words are copied before send returns', limits, async (context) => {
      const guest = await open(context);
      const words = new Uint32Array(20_000).fill(5);
      words.set([ASK.echo, words.length]);
      const sent = words.slice();
      const reply = guest.nextReply();
      guest.sendWords(words);
      words.fill(0xffff_ffff);
      deepEqual(await reply, sent);
    });

    for (const seed of seeds(1, 20261122)) {
      test(`random traffic arrives as it was sent, seed ${seed}`, limits, async (context) => {
        const random = new Random(seed);
        const guest = await open(context);
        const awaited: { sent: Uint32Array; reply: Promise<Uint32Array> }[] = [];
        for (let count = 0; count < 1500; count += 1) {
          const words = Uint32Array.from({ length: 2 + random.skewed(6000) }, () => random.word());
          const isEcho = random.below(2) === 0;
          words.set([isEcho ? ASK.echo : ASK.sink, words.length]);
          if (isEcho) awaited.push({ sent: words, reply: guest.nextReply() });
          guest.sendWords(words);
          const rest = random.below(20);
          if (rest === 0) await turn();
          if (rest === 1) await pass(1);
          if (rest === 2) await awaited.at(-1)?.reply;
          if (rest === 3) guest.send(ASK.work, random.below(200));
          if (rest === 4 && random.below(10) === 0) guest.send(ASK.pause, 1);
        }
        for (const { sent, reply } of awaited) deepEqual(await reply, sent);
        await guest.checkArrived();
      });
    }

    test('no wake-up is lost in bursts of all lengths and pauses around the length of a look', limits, async (context) => {
      const random = new Random(31337);
      const guest = await open(context);
      let askedCount = 0;
      let burstCount = 0;
      while (askedCount < 100_000) {
        const burst = 1 + random.skewed(200);
        let last: Promise<Uint32Array> | undefined;
        for (let index = 0; index < burst; index += 1) last = guest.ask(ASK.echo, askedCount + index);
        askedCount += burst;
        burstCount += 1;
        equal((await last)?.[2], askedCount - 1);
        // A busy wait of up to 100 us meets the host looking, falling asleep and asleep.
        const untilMs = performance.now() + random.below(100) / 1000;
        if (random.below(4) === 0) while (performance.now() < untilMs);
        if (random.below(200) === 0) await pass(1);
      }
      ok(burstCount > 1000);
      await guest.checkArrived();
    });

    test('commands wait while the host is paused, and all arrive when it goes on', limits, async (context) => {
      const guest = await open(context);
      guest.send(ASK.pause, 30);
      const words = new Uint32Array(1000);
      for (let index = 0; index < 200; index += 1) {
        words.fill(index);
        words.set([ASK.sink, words.length]);
        guest.sendWords(words);
      }
      await guest.checkArrived();
    });

    if (isApart) {
      test('a guest whose queue is full waits for the host inside of send', limits, async (context) => {
        const queueBytesMax = 16 * 1024;
        const guest = await open(context, { ...smallRings, queueBytesMax });
        guest.send(ASK.pause, 30);
        const words = new Uint32Array(1000);
        // Some 40 times of what ring and queue hold, in one turn of the event loop; replies too.
        const replies: Promise<Uint32Array>[] = [];
        for (let index = 0; index < 250; index += 1) {
          const isEcho = index % 8 === 0;
          words.fill(index);
          words.set([isEcho ? ASK.echo : ASK.sink, words.length]);
          if (isEcho) replies.push(guest.nextReply());
          guest.sendWords(words);
        }
        for (const [index, reply] of replies.entries()) equal((await reply)[2], index * 8);
        await guest.checkArrived();
      });

      test('replies that arrive while the guest is blocked are delivered later, in order', limits, async (context) => {
        const guest = await open(context, { ...smallRings, queueBytesMax: 8192 });
        const replies: Promise<Uint32Array>[] = [];
        let deliveredInside = 0;
        for (let index = 0; index < 500; index += 1) {
          const reply = guest.nextReply();
          replies.push(reply);
          const words = new Uint32Array(500).fill(index);
          words.set([ASK.echo, words.length, index]);
          const before = deliveredInside;
          guest.sendWords(words);
          equal(deliveredInside, before);
          void reply.then(() => {
            deliveredInside += 1;
          });
        }
        for (const [index, reply] of replies.entries()) equal((await reply)[2], index);
        await guest.checkArrived();
      });
    } else if (!guestBlocks) {
      test('commands beyond the limit of the queue close the link of a guest that cannot wait', limits, async (context) => {
        const guest = await open(context, { ...smallRings, queueBytesMax: 16 * 1024 });
        const words = new Uint32Array(100_000);
        words.set([ASK.sink, words.length]);
        for (let index = 0; index < 100; index += 1) guest.sendWords(words);
        equal((await guest.closed).kind, 'queue-full');
      });
    }

    test('replies that the guest has no room for wait with the host', limits, async (context) => {
      const guest = await open(context);
      const count = 500;
      const replies = Array.from({ length: count }, () => guest.nextReply());
      guest.send(ASK.produce, count, 1000);
      for (const [index, reply] of (await Promise.all(replies)).entries()) {
        equal(reply.length, 1000);
        equal(reply.subarray(2).every((word) => word === index), true);
      }
      await guest.checkArrived();
    });

    test('completed serials are seen without a packet, beyond 2^32 too', limits, async (context) => {
      const guest = await open(context);
      equal(guest.link.completedSerial(), 0);
      guest.send(ASK.publish, 3_000_000_000);
      await guest.checkArrived();
      equal(guest.link.completedSerial(), 3_000_000_000);
      guest.send(ASK.publish, 5);
      await guest.checkArrived();
      equal(guest.link.completedSerial(), 2 ** 32 + 5);
    });

    test('waiting for progress of nothing returns at once', limits, async (context) => {
      const guest = await open(context);
      equal(guest.link.waitForProgress(100_000), false);
      await guest.checkArrived();
      // The reply may overtake the news that its packet is executed; once that is known, there is no more.
      while (guest.link.waitForProgress(100_000));
    });

    test('what the host said before it closed is delivered before the close', limits, async (context) => {
      const guest = await open(context);
      guest.link.setWaiting(true);
      guest.send(ASK.produce, 3, 10);
      guest.send(ASK.close);
      equal((await guest.closed).kind, 'peer-gone');
      equal(guest.replies.length, 3);
    });

    test('a guest that closes hears so once, and calls after it do nothing', limits, async (context) => {
      const guest = await open(context);
      await guest.checkArrived();
      let closeCount = 0;
      guest.link.onClose = (reason) => {
        closeCount += 1;
        deepEqual(reason, { kind: 'closed' });
      };
      guest.link.close();
      guest.link.close();
      guest.send(ASK.sink);
      guest.link.setWaiting(true);
      equal(guest.link.waitForProgress(100_000), false);
      equal(guest.link.completedSerial(), 0);
      equal(closeCount, 1);
    });

    if (isApart && guestBlocks) {
      test('a guest that blocks hears the host without its event loop', limits, async (context) => {
        const guest = await open(context);
        for (let index = 0; index < 20; index += 1) {
          guest.send(ASK.echo, index);
          while (guest.replies.length === index) {
            ok(guest.link.waitForHost(60_000));
            guest.link.poll();
          }
          deepEqual([...(guest.replies[index] ?? [])], [ASK.echo, 3, index]);
        }
        guest.replies.length = 0;
        await guest.checkArrived();
      });
    }

    if (hasHeap) heapTests();

    function heapTests(): void {
      test('the heap carries payload both ways', limits, async (context) => {
        const guest = await open(context);
        const { heap } = guest.link;
        ok(heap !== null);
        equal(heap.sizeBytes, smallRings.heapBytes);
        const offset = heap.stage(1000);
        heap.bytes.fill(7, offset, offset + 1000);
        const first = (await guest.ask(ASK.hashHeap, offset, 1000))[2];
        heap.bytes[offset + 999] = 8;
        const second = (await guest.ask(ASK.hashHeap, offset, 1000))[2];
        ok(first !== second);
        const reserved = heap.reserve(5000);
        await guest.ask(ASK.fillHeap, reserved, 5000, 42);
        ok(heap.bytes.subarray(reserved, reserved + 5000).every((byte) => byte === 42));
      });

      if (!isApart) return;

      test('a guest that streams more payload than the heap holds waits for room and loses nothing', limits, async (context) => {
        const guest = await open(context);
        const { heap } = guest.link;
        ok(heap !== null);
        const random = new Random(4);
        const hashes: { expected: number; reply: Promise<Uint32Array> }[] = [];
        for (let index = 0; index < 400; index += 1) {
          const byteLength = 1 + random.below(20_000);
          let offset = heap.stage(byteLength);
          while (offset === -1) {
            ok(guest.link.waitForProgress(60_000));
            offset = heap.stage(byteLength);
          }
          const value = random.below(256);
          heap.bytes.fill(value, offset, offset + byteLength);
          let expected = 0x811c9dc5;
          for (let count = 0; count < byteLength; count += 1) expected = Math.imul(expected ^ value, 0x01000193);
          hashes.push({ expected: expected >>> 0, reply: guest.ask(ASK.hashHeap, offset, byteLength) });
        }
        for (const { expected, reply } of hashes) equal((await reply)[2], expected);
      });
    }
  });
}

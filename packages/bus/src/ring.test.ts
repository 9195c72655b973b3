import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { GuestFault } from '@gpup/base';
import { RingConsumer, RingProducer } from './ring.ts';
import { Random, seeds } from '@gpup/base/testing';

const TAIL = 0;
const HEAD = 16;
const capacityWords = 64;

function ringAt(position: number) {
  const control = new Int32Array(32);
  const ring = new Uint32Array(capacityWords);
  control[TAIL] = position;
  control[HEAD] = position;
  const violation = (message: string): Error => new GuestFault('ring-index', message);
  const options = { control, ring, tailIndex: TAIL, headIndex: HEAD, violation, position };
  return { control, ring, producer: new RingProducer(options), consumer: new RingConsumer(options) };
}

const fault = { name: 'GuestFault', code: 'ring-index' };
// From the start, across the wrap of positions at 2^32, and across the sign of Int32.
const positions = [0, 2 ** 31 - 8, 2 ** 32 - 8, 2 ** 32 - capacityWords];

for (const head of positions) {
  for (const aheadWords of [0, 1, capacityWords - 1, capacityWords]) {
    test(`reads a tail ${aheadWords} words ahead of head ${head}`, () => {
      const { control, consumer } = ringAt(head);
      control[TAIL] = head + aheadWords;
      equal(consumer.poll(), aheadWords);
    });
  }
  for (const aheadWords of [-1, -capacityWords, capacityWords + 1, 2 ** 31, 2 ** 31 - 1]) {
    test(`faults a peer whose tail is ${aheadWords} words ahead of head ${head}`, () => {
      const { control, consumer } = ringAt(head);
      control[TAIL] = head + aheadWords;
      throws(() => consumer.poll(), fault);
    });
  }

  test(`faults a peer whose tail goes back from ${head} + 8, though it stays ahead of the head`, () => {
    const { control, consumer } = ringAt(head);
    control[TAIL] = head + 8;
    equal(consumer.poll(), 8);
    control[TAIL] = head + 7;
    throws(() => consumer.poll(), fault);
  });

  for (const usedWords of [0, 1, capacityWords]) {
    for (const retiredWords of new Set([0, usedWords])) {
      test(`has room again where the head is ${retiredWords} of ${usedWords} words beyond ${head}`, () => {
        const { control, producer } = ringAt(head);
        equal(producer.write(new Uint32Array(usedWords), 0, usedWords), usedWords);
        control[HEAD] = head + retiredWords;
        equal(producer.poll(), capacityWords - usedWords + retiredWords);
      });
    }
    for (const retiredWords of [-1, usedWords + 1, 2 ** 31]) {
      test(`faults a peer whose head is ${retiredWords} of ${usedWords} words beyond ${head}`, () => {
        const { control, producer } = ringAt(head);
        producer.write(new Uint32Array(usedWords), 0, usedWords);
        control[HEAD] = head + retiredWords;
        throws(() => producer.poll(), fault);
      });
    }
  }

  test(`faults a peer whose head goes back from ${head} + 8`, () => {
    const { control, producer } = ringAt(head);
    producer.write(new Uint32Array(16), 0, 16);
    control[HEAD] = head + 8;
    producer.poll();
    control[HEAD] = head + 7;
    throws(() => producer.poll(), fault);
  });

  test(`a full ring from ${head} takes nothing more and gives all back`, () => {
    const { producer, consumer } = ringAt(head);
    const words = Uint32Array.from({ length: capacityWords + 5 }, (_, index) => index + 1);
    equal(producer.write(words, 0, words.length), capacityWords);
    equal(producer.write(words, 0, words.length), 0);
    equal(consumer.poll(), 0);
    producer.publish();
    equal(consumer.poll(), capacityWords);
    const read = new Uint32Array(capacityWords);
    consumer.read(read, 0, capacityWords);
    deepEqual(read, words.subarray(0, capacityWords));
    equal(producer.write(words, 0, words.length), capacityWords);
  });
}

test('a violation names the values it saw', () => {
  const { control, consumer } = ringAt(0);
  control[TAIL] = -1;
  throws(() => consumer.poll(), { message: 'Ring tail (4294967295) is not between its last value (0) and the head (0) plus the capacity (64).' });
});

for (const seed of seeds(7, 2026)) {
  for (const start of [0, 2 ** 32 - 1000]) {
    test(`a ring from ${start} is a queue of words under random operations, seed ${seed}`, () => {
      const random = new Random(seed);
      const { producer, consumer } = ringAt(start);
      const model: number[] = [];
      let publishedCount = 0;
      for (let step = 0; step < 5000; step += 1) {
        const operation = random.below(3);
        if (operation === 0) {
          const words = Uint32Array.from({ length: random.below(capacityWords * 2) }, () => random.word());
          const begin = random.below(words.length + 1);
          const written = producer.write(words, begin, words.length);
          equal(written, Math.min(words.length - begin, capacityWords - model.length));
          model.push(...words.subarray(begin, begin + written));
        } else if (operation === 1) {
          producer.publish();
          publishedCount = model.length;
        } else {
          equal(consumer.poll(), publishedCount);
          const wordCount = random.below(publishedCount + 1);
          const into = new Uint32Array(wordCount + 3);
          consumer.read(into, 3, wordCount);
          deepEqual([...into.subarray(3)], model.splice(0, wordCount));
          publishedCount -= wordCount;
        }
      }
    });
  }
}

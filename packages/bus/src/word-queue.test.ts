import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { Random, seeds } from '@gpup/base/testing';
import { WordQueue } from './word-queue.ts';

for (const seed of seeds(1, 5)) {
  test(`words come out as they went in, seed ${seed}`, () => {
    const random = new Random(seed);
    const queue = new WordQueue();
    const model: number[] = [];
    for (let step = 0; step < 2000; step += 1) {
      if (random.below(2) === 0) {
        const words = Uint32Array.from({ length: random.skewed(40_000) }, () => random.word());
        const begin = random.below(words.length);
        queue.push(words, begin, words.length);
        for (const word of words.subarray(begin)) model.push(word);
      } else {
        const chunk = queue.first();
        equal(chunk === null, model.length === 0);
        if (chunk === null) continue;
        const wordCount = random.between(1, chunk.end - chunk.begin);
        deepEqual([...chunk.words.subarray(chunk.begin, chunk.begin + wordCount)], model.splice(0, wordCount));
        queue.drop(wordCount);
      }
      equal(queue.wordCount, model.length);
    }
  });
}

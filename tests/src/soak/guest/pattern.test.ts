import { equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { Pattern } from './pattern.ts';

test('each generation is the one before, times a factor and plus an addend', () => {
  const pattern = new Pattern(17);
  let words = pattern.words(0, 64);
  for (let generation = 0; generation < 100; generation++) {
    words = words.map((word) => Math.imul(word, 1664525) + 1013904223);
    pattern.advance();
    equal(pattern.complaint(words, 0), null);
    equal(pattern.complaint(words.slice(10), 10), null);
  }
});

test('one bit that is wrong is told of, with its place', () => {
  const pattern = new Pattern(17);
  const words = pattern.words(100, 8);
  words[5] = (words[5] as number) ^ 1;
  match(pattern.complaint(words, 100) ?? '', /^word 105 is \d+, expected \d+$/);
});

test('two secrets have different words in the same place', () => equal(new Pattern(1).word(7) === new Pattern(2).word(7), false));

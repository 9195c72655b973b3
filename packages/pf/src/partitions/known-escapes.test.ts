import { doesNotThrow, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { checkEscapes } from './known-escapes.ts';

test('escapes that there are can be asked for, and none', () => {
  for (const names of [undefined, [], ['statistics'], ['latency-class', 'statistics']]) doesNotThrow(() => checkEscapes(names));
});

test('one that there is not is refused by its place', () => {
  throws(() => checkEscapes(['statistics', 'everything']), { code: 'unknown-escape', field: 'escapes[1]', message: 'The escape "everything" is none of statistics, latency-class.' });
});

import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { printable, printableJson, printableText } from './index.ts';

/** Both sides of each range. */
const KEPT = ' ~\u00a0\u2027\u202f\u2065\u206a';
const REPLACED = '\u0000\u0008\u000b\u001f\u007f\u009f\u2028\u2029\u202a\u202e\u2066\u2069';

test('what a terminal would act upon is replaced, and nothing else', () => {
  for (const print of [printable, printableText]) equal(print(KEPT + REPLACED), KEPT + '\ufffd'.repeat(REPLACED.length));
  deepEqual([printable('a\tb\nc'), printableText('a\tb\nc')], ['a\ufffdb\ufffdc', 'a\tb\nc']);
});

test('JSON says the same with escapes', () => {
  const value = { text: `${KEPT}${REPLACED}\t\n` };
  const json = printableJson(value, 2);
  deepEqual(JSON.parse(json), value);
  equal(printableText(json), json);
});

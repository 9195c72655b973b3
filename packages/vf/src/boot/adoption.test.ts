import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { type AdoptionHello, HELLO_BYTES_MAX, decodeHello, encodeHello } from './adoption.ts';

const HELLO: AdoptionHello = {
  type: 'hello',
  protocol: { major: 1, minor: 0 },
  vfId: '0123456789abcdef',
  pid: 17,
  startTicks: 12345,
  isReady: true,
  context: { contextId: 1, partition: 'team-a', adapter: 'software-0', guestPid: 18, openedMs: 1_700_000_000_000 },
  page: { slotIndex: 0 },
};

function textOf(fields: object): string {
  return JSON.stringify({ ...HELLO, ...fields });
}

test('a hello is what was said', () => {
  deepEqual(decodeHello(new TextDecoder().decode(encodeHello(HELLO))), HELLO);
});

test('a hello with the longest names fits', () => {
  const longest = 'a'.repeat(63);
  const hello = { ...HELLO, context: { ...HELLO.context, partition: longest, adapter: longest } };
  const bytes = encodeHello(hello);
  equal(bytes.length <= HELLO_BYTES_MAX, true);
  deepEqual(decodeHello(new TextDecoder().decode(bytes)), hello);
});

for (const [what, fields] of [
  ['a newer minor version', { protocol: { major: 1, minor: 9 }, more: [1] }],
  ['no page', { page: null }],
  ['the last number of a context', { context: { ...HELLO.context, contextId: 2 ** 31 - 1 } }],
  ['the last moment that there is', { context: { ...HELLO.context, openedMs: 8.64e15 } }],
  ['no partition', { context: { ...HELLO.context, partition: '', adapter: '' } }],
] as const) {
  test(`takes a hello with ${what}`, () => equal(decodeHello(textOf(fields))?.pid, HELLO.pid));
}

const { context } = HELLO;
for (const [what, fields] of [
  ['another type', { type: 'ready' }],
  ['another major version', { protocol: { major: 2, minor: 0 } }],
  ['no version', { protocol: null }],
  ['an id with a path in it', { vfId: '../../../etc/pass' }],
  ['a short id', { vfId: '0123456789abcde' }],
  ['a negative pid', { pid: -1 }],
  ['a pid that is no number', { pid: '17' }],
  ['half a tick', { startTicks: 0.5 }],
  ['no context', { context: undefined }],
  ['a context of number 0', { context: { ...context, contextId: 0 } }],
  ['a context beyond the last number', { context: { ...context, contextId: 2 ** 31 } }],
  ['a context opened after the last moment', { context: { ...context, openedMs: 8.64e15 + 1 } }],
  ['a partition with a slash', { context: { ...context, partition: 'a/b' } }],
  ['a partition of 64 characters', { context: { ...context, partition: 'a'.repeat(64) } }],
  ['a partition that begins with a dot', { context: { ...context, partition: '.a' } }],
  ['a page without a slot', { page: {} }],
  ['a slot beyond any page', { page: { slotIndex: 1024 } }],
  ['no word of a page', { page: undefined }],
] as const) {
  test(`refuses a hello with ${what}`, () => equal(decodeHello(textOf(fields)), undefined));
}

for (const text of ['', 'hello', 'null', '[]', '7', '{"__proto__":{"type":"hello"}}']) {
  test(`refuses ${JSON.stringify(text)} for a hello`, () => equal(decodeHello(text), undefined));
}

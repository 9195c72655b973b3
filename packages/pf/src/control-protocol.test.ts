import { deepEqual, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { PROTOCOL, decodeGuestLine, isReason } from './control-protocol.ts';

const open = { type: 'open', protocol: { major: 1, minor: 0 }, transport: 'aperture', pid: 7 };
const attach = { type: 'attach', token: 'ab'.repeat(32) };

for (const line of [open, { ...open, transport: 'stream' }, { ...open, protocol: { major: 1, minor: 9 } }, attach]) {
  test(`reads ${JSON.stringify(line)}`, () => deepEqual(decodeGuestLine(JSON.stringify(line)), line));
}

test('leaves out fields that it does not know', () => {
  deepEqual(decodeGuestLine(JSON.stringify({ ...open, more: 1 })), open);
});

// Each line breaks one rule.
for (const [what, line] of [
  ['not JSON', 'hello'],
  ['an empty line', ''],
  ['null', 'null'],
  ['a number', '7'],
  ['a list', '[]'],
  ['no type', JSON.stringify({ ...open, type: undefined })],
  ['another type', JSON.stringify({ ...open, type: 'opened' })],
  ['a type of Object.prototype', JSON.stringify({ ...open, type: 'constructor' })],
  ['no protocol', JSON.stringify({ ...open, protocol: undefined })],
  ['a protocol that is null', JSON.stringify({ ...open, protocol: null })],
  ['a major version that is a string', JSON.stringify({ ...open, protocol: { major: '1', minor: 0 } })],
  ['a negative minor version', JSON.stringify({ ...open, protocol: { major: 1, minor: -1 } })],
  ['another transport', JSON.stringify({ ...open, transport: 'pigeon' })],
  ['a pid with a fraction', JSON.stringify({ ...open, pid: 1.5 })],
  ['a pid beyond the safe integers', '{"type":"open","protocol":{"major":1,"minor":0},"transport":"stream","pid":1e300}'],
  ['a short token', JSON.stringify({ ...attach, token: 'ab' })],
  ['a long token', JSON.stringify({ ...attach, token: 'ab'.repeat(33) })],
  ['a token with capitals', JSON.stringify({ ...attach, token: 'AB'.repeat(32) })],
  ['a token that is no string', JSON.stringify({ ...attach, token: [1] })],
] as const) {
  test(`refuses ${what}`, () => {
    const answer = decodeGuestLine(line);
    ok(isReason(answer));
    deepEqual(answer.code, 'bad-line');
  });
}

for (const major of [0, 2, 99]) {
  test(`refuses major version ${major} and names both versions, whatever else the line holds`, () => {
    const answer = decodeGuestLine(JSON.stringify({ type: 'open', protocol: { major, minor: 3 }, other: true }));
    ok(isReason(answer));
    deepEqual(answer.code, 'protocol-version');
    match(answer.message, new RegExp(`protocol ${major}\\.3; this host speaks ${PROTOCOL.major}\\.${PROTOCOL.minor}`));
  });
}

test('an answer quotes little of a long value', () => {
  const answer = decodeGuestLine(JSON.stringify({ ...open, transport: 'x'.repeat(900) }));
  ok(isReason(answer));
  ok(answer.message.length < 200);
});

import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { decodeHostLine } from './control-protocol.ts';

const lost = { type: 'lost', code: 'tdr', message: 'Too long.' } as const;

for (const [what, fields, decoded] of [
  ['of an older host names no device', {}, lost],
  ['names the guilty device', { guiltyDevice: 2 ** 32 - 1 }, { ...lost, guiltyDevice: 2 ** 32 - 1 }],
  ['with a handle of 0', { guiltyDevice: 0 }, lost],
  ['with a handle beyond 32 bits', { guiltyDevice: 2 ** 32 }, lost],
  ['with a broken handle', { guiltyDevice: 1.5 }, lost],
  ['with a handle that is a text', { guiltyDevice: '7' }, lost],
  ['of a newer host may say more', { guiltyDevice: 7, guiltySubmit: 9 }, { ...lost, guiltyDevice: 7 }],
] as const) {
  test(`a lost line ${what}`, () => deepEqual(decodeHostLine(JSON.stringify({ ...lost, ...fields })), decoded));
}

test('a line without a reason is no lost line', () => {
  for (const fields of [{ type: 'lost' }, { ...lost, message: 7 }, { ...lost, code: null, guiltyDevice: 7 }]) deepEqual(decodeHostLine(JSON.stringify(fields)), undefined);
});

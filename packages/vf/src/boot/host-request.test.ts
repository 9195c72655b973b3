import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { HOST_REQUEST_BYTES_MAX, type HostRequest, decodeHostRequest, encodeHostRequest } from './host-request.ts';

const turn = { type: 'turn', serial: 3, untilUs: 5_000_000, yields: false } as const;

for (const request of [
  { type: 'ping', serial: 1 },
  { type: 'allocations', request: 2, countMax: 10 },
  { type: 'escapes', names: ['statistics'] },
  turn,
  { ...turn, untilUs: 0, yields: true },
  { ...turn, serial: 2 ** 53 - 1, untilUs: 2 ** 53 - 1 },
  { type: 'turn-free' },
  { type: 'end', code: 'vf-died', message: 'It is over.' },
] as const satisfies readonly HostRequest[]) {
  test(`a request of type ${request.type} is what was asked`, () => {
    const text = encodeHostRequest(request);
    equal(text.length <= HOST_REQUEST_BYTES_MAX, true);
    deepEqual(decodeHostRequest(text), request);
  });
}

for (const [what, request] of [
  ['a turn without a serial', { ...turn, serial: undefined }],
  ['a turn until minus one', { ...turn, untilUs: -1 }],
  ['a turn until half a microsecond', { ...turn, untilUs: 0.5 }],
  ['a turn of which nobody says whether it yields', { ...turn, yields: undefined }],
  ['a turn that yields 1', { ...turn, yields: 1 }],
  ['what a later build asks', { type: 'dance' }],
] as const) {
  test(`passes over ${what}`, () => equal(decodeHostRequest(JSON.stringify(request)), undefined));
}

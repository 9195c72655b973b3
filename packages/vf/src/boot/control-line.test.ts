import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { ALLOCATION_COUNT_MAX, VF_LINE_BYTES_MAX, type VfLine, decodeVfLine, encodeVfLine } from './control-line.ts';

const entry = { label: 'weights', kind: 'buffer', bytes: 1024 } as const;

for (const line of [
  { type: 'warm' },
  { type: 'ready' },
  { type: 'fault', code: 'ring-index', message: 'Too far.' },
  { type: 'pong', serial: 0 },
  { type: 'turn-wanted', serial: 7 },
  { type: 'turn-over', serial: 0 },
  { type: 'turn-idle', serial: 2 ** 53 - 1 },
  { type: 'latency-class', value: 'interactive' },
  { type: 'allocations', request: 3, allocations: [entry, { ...entry, kind: 'query-set', bytes: 0 }] },
] as const satisfies readonly VfLine[]) {
  test(`a "${line.type}" line is what was said`, () => deepEqual(decodeVfLine(encodeVfLine(line)), line));
}

for (const [what, label] of [['plain', 'x'], ['escaped', '\u0001'], ['multi-byte', '…']] as const) {
  test(`many allocations with long ${what} labels make one line that fits`, () => {
    const allocations = Array.from({ length: 1000 }, (_, bytes) => ({ ...entry, label: label.repeat(500), bytes }));
    const text = encodeVfLine({ type: 'allocations', request: 1, allocations });
    equal(Buffer.byteLength(text) <= VF_LINE_BYTES_MAX, true);
    const line = decodeVfLine(text);
    equal(line?.type === 'allocations' && line.allocations.length > 0 && line.allocations[0]?.label.length === 100, true);
  });
}

for (const [what, line] of [
  ['a pong without a serial', { type: 'pong' }],
  ['a pong of minus one', { type: 'pong', serial: -1 }],
  ['a turn that is over without a serial', { type: 'turn-over' }],
  ['a turn that is wanted with half a serial', { type: 'turn-wanted', serial: 0.5 }],
  ['an idle turn of minus one', { type: 'turn-idle', serial: -1 }],
  ['a latency class that there is not', { type: 'latency-class', value: 'toString' }],
  ['a latency class that is no text', { type: 'latency-class', value: 1 }],
  ['no latency class', { type: 'latency-class' }],
  ['allocations without a request', { type: 'allocations', allocations: [] }],
  ['allocations that are no list', { type: 'allocations', request: 1, allocations: {} }],
  ['an allocation of an unknown kind', { type: 'allocations', request: 1, allocations: [{ ...entry, kind: 'toString' }] }],
  ['an allocation without a label', { type: 'allocations', request: 1, allocations: [{ ...entry, label: 7 }] }],
  ['an allocation of half a byte', { type: 'allocations', request: 1, allocations: [{ ...entry, bytes: 0.5 }] }],
  ['nothing for an allocation', { type: 'allocations', request: 1, allocations: [null] }],
  ['too many allocations', { type: 'allocations', request: 1, allocations: Array(ALLOCATION_COUNT_MAX + 1).fill(entry) }],
] as const) {
  test(`refuses ${what}`, () => equal(decodeVfLine(JSON.stringify(line)), undefined));
}

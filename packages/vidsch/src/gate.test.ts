import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { Gate, type Turn } from './gate.ts';

const CONTEXT = 7;

function gateWith(): { readonly gate: Gate; readonly told: (Turn | 'free')[] } {
  const told: (Turn | 'free')[] = [];
  let serial = 0;
  return { gate: new Gate(CONTEXT, { nextSerial: () => ++serial, grant: (_, turn) => told.push(turn), free: () => told.push('free') }), told };
}

test('a gate is free until it is told otherwise, and believes nothing until then', () => {
  const { gate, told } = gateWith();
  for (const type of ['turn-wanted', 'turn-over', 'turn-idle'] as const) gate.hear({ type, serial: 0 });
  deepEqual([gate.state, gate.waits, gate.isIdle], ['free', false, false]);
  gate.free();
  deepEqual(told, []);
});

test('a gate that is closed is empty when everything is finished, and waits when something waits', () => {
  const { gate, told } = gateWith();
  gate.close();
  deepEqual([gate.state, told], ['emptying', [{ serial: 1, untilUs: 0, yields: false }]]);
  gate.hear({ type: 'turn-wanted', serial: 1 });
  equal(gate.waits, false);
  gate.hear({ type: 'turn-over', serial: 1 });
  deepEqual([gate.state, gate.waits], ['closed', true]);
});

test('a gate that is open is one no more when its turn is over, and idle only while it is open', () => {
  const { gate, told } = gateWith();
  gate.close();
  gate.hear({ type: 'turn-over', serial: 1 });
  gate.open({ untilUs: 500, yields: true });
  deepEqual([gate.state, gate.waits, told.at(-1)], ['open', false, { serial: 2, untilUs: 500, yields: true }]);
  gate.hear({ type: 'turn-idle', serial: 2 });
  equal(gate.isIdle, true);
  gate.close();
  deepEqual([gate.state, gate.isIdle, told.at(-1)], ['emptying', false, { serial: 3, untilUs: 0, yields: false }]);
  gate.hear({ type: 'turn-over', serial: 3 });
  deepEqual([gate.state, gate.isIdle, gate.waits], ['closed', false, false]);
});

for (const [what, serial] of [['an earlier', 1], ['a later', 3]] as const) {
  test(`what is said of ${what} turn changes nothing`, () => {
    const { gate } = gateWith();
    gate.close();
    gate.hear({ type: 'turn-over', serial: 1 });
    gate.open({ untilUs: 500, yields: true });
    for (const type of ['turn-wanted', 'turn-over', 'turn-idle'] as const) gate.hear({ type, serial });
    deepEqual([gate.state, gate.isIdle], ['open', false]);
  });
}

test('a gate that is closed already is not told again', () => {
  const { gate, told } = gateWith();
  gate.close();
  gate.close();
  gate.hear({ type: 'turn-over', serial: 1 });
  gate.close();
  equal(told.length, 1);
});

test('one that is ousted stays so', () => {
  const { gate, told } = gateWith();
  gate.close();
  gate.oust();
  gate.hear({ type: 'turn-over', serial: 1 });
  gate.free();
  gate.close();
  deepEqual([gate.state, gate.waits, told.length], ['ousted', false, 1]);
});

import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { SlotView } from '@gpup/vidmm';
import { SilentVf } from './silent-vf.ts';

const slot = (fields: Partial<SlotView>): SlotView => ({ submitCount: 5, completedCount: 4, packetSerial: 7, ...fields }) as SlotView;

test('one without a place on a page is not known to have finished', () => equal(new SilentVf().signs(undefined, 0), 'unfinished'));

for (const [completedCount, signs] of [[4, 'unfinished'], [5, 'finished'], [6, 'finished']] as const) {
  test(`one that has done ${completedCount} of 5 submits is ${signs}`, () => equal(new SilentVf().signs(slot({ completedCount }), 0), signs));
}

/** Looked at every 5 ms. */
function watched(forUs: number, packetSerialAt: (us: number) => number): string {
  const vf = new SilentVf();
  let signs = '';
  for (let us = 0; us <= forUs; us += 5_000) signs = vf.signs(slot({ packetSerial: packetSerialAt(us) }), 1_000_000 + us);
  return signs;
}

test('one that is seen inside of one command for long is unaware, and not before', () => {
  equal(watched(100_000, () => 7), 'unfinished');
  equal(watched(105_000, () => 7), 'unaware');
});

test('one that is between commands, or in one after the other, is not', () => {
  equal(watched(500_000, () => 8), 'unfinished');
  equal(watched(500_000, (us) => 7 + 2 * Math.floor(us / 90_000)), 'unfinished');
});

test('looks that are far apart tell nothing of what was in between', () => {
  const vf = new SilentVf();
  equal(vf.signs(slot({}), 1_000_000), 'unfinished');
  equal(vf.signs(slot({}), 1_300_000), 'unfinished');
});

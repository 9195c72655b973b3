import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { soundBytes } from './video-memory.ts';

for (const [bytes, sound] of [[undefined, null], [Number.NaN, null], [Number('[N/A]') * 2 ** 20, null], [0, null], [-1, null], [1, 1], [24 * 2 ** 30, 24 * 2 ** 30]] as const) {
  test(`a driver's word for its memory (${bytes}) is taken as ${sound}`, () => equal(soundBytes(bytes), sound));
}

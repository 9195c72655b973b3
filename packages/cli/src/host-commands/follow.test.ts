import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { newLines } from './follow.ts';

for (const [what, before, now, lines, missed] of [
  ['nothing yet', [], [], [], false],
  ['the first lines', [], ['a'], ['a'], false],
  ['nothing new', ['a', 'b'], ['a', 'b'], [], false],
  ['the log grows', ['a'], ['a', 'b', 'c'], ['b', 'c'], false],
  ['the tail moves on', ['a', 'b', 'c'], ['b', 'c', 'd'], ['d'], false],
  ['only the last line is left', ['a', 'b', 'c'], ['c', 'd', 'e'], ['d', 'e'], false],
  ['none is left', ['a', 'b', 'c'], ['e', 'f', 'g'], ['e', 'f', 'g'], true],
  ['the host was started anew', ['a', 'b'], [], [], true],
  ['lines that repeat', ['a', 'b', 'a'], ['b', 'a', 'b'], ['b'], false],
] as const) {
  test(what, () => deepEqual(newLines(before, now), { lines, missed }));
}

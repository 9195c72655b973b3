import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Backlog } from './backlog.ts';

function backlogOf(sequences: readonly number[], limits = { backlogEventsMax: 3, backlogBytesMax: 1000 }): Backlog {
  const backlog = new Backlog(limits);
  for (const sequence of sequences) backlog.push(sequence, `e${sequence}`);
  return backlog;
}

for (const [what, sequences, after, expected] of [
  ['nothing has happened', [], 0, { missed: false, frames: [] }],
  ['nothing has happened since a restart', [], 5, { missed: true, frames: [] }],
  ['all of it', [1, 2, 3], 0, { missed: false, frames: ['e1', 'e2', 'e3'] }],
  ['the rest', [1, 2, 3], 2, { missed: false, frames: ['e3'] }],
  ['nothing new', [1, 2, 3], 3, { missed: false, frames: [] }],
  ['exactly what is kept', [1, 2, 3, 4], 1, { missed: false, frames: ['e2', 'e3', 'e4'] }],
  ['one more than is kept', [1, 2, 3, 4], 0, { missed: true, frames: ['e2', 'e3', 'e4'] }],
  ['after a restart', [1, 2], 3, { missed: true, frames: ['e1', 'e2'] }],
  ['the host had events before the listener was there', [10, 11], 8, { missed: true, frames: ['e10', 'e11'] }],
  ['the host had events before, all of which are known', [10, 11], 9, { missed: false, frames: ['e10', 'e11'] }],
] as const) {
  test(what, () => deepEqual(backlogOf(sequences).after(after), expected));
}

test('long events end a backlog sooner', () => {
  const limits = { backlogEventsMax: 3, backlogBytesMax: 4 };
  deepEqual(backlogOf([1, 2, 3], limits).after(0), { missed: true, frames: ['e2', 'e3'] });
  const backlog = backlogOf([1], limits);
  backlog.push(2, 'longer than all of it');
  deepEqual([backlog.oldestSequence, backlog.newestSequence, backlog.after(1)], [0, 2, { missed: true, frames: [] }]);
});

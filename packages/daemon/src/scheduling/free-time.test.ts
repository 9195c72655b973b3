import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { FreeTime } from './free-time.ts';

test('only what comes while nobody has turns counts, and nothing of what was before', () => {
  const times = new FreeTime();
  equal(times.of('a'), 0);
  times.note('a', 700, { counts: true });
  equal(times.of('a'), 0);
  times.note('a', 800, { counts: true });
  times.note('a', 1_800, { counts: false });
  times.note('a', 1_850, { counts: true });
  equal(times.of('a'), 150);
});

test('a page that begins anew takes nothing back', () => {
  const times = new FreeTime();
  times.note('a', 0, { counts: true });
  times.note('a', 500, { counts: true });
  times.note('a', 100, { counts: true });
  times.note('a', 120, { counts: true });
  equal(times.of('a'), 520);
  times.forget('a');
  equal(times.of('a'), 0);
});

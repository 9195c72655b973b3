import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { BusyWatch } from './busy-watch.ts';

test('a VF is busy from the first look that finds it inside of a packet, until it is in another or in none', () => {
  const watch = new BusyWatch();
  equal(watch.observe(0, 5), null);
  equal(watch.observe(1, 10), 10);
  equal(watch.observe(1, 20), 10);
  equal(watch.observe(3, 30), 30);
  equal(watch.observe(4, 40), null);
  equal(watch.observe(5, 50), 50);
});

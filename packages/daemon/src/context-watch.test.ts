import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { ContextSlot, PartitionPage, pageBytes } from '@gpup/vidmm';
import { ContextWatch } from './context-watch.ts';

const LOOK_MS = 250;

function setUp() {
  const buffer = new ArrayBuffer(pageBytes(1));
  const page = PartitionPage.create(buffer, { slotCount: 1, budgetBytes: undefined, hostBudgetBytes: undefined });
  const slot = new ContextSlot({ buffer, slotIndex: page.allocateSlot(1) as number });
  const watch = new ContextWatch();
  let nowMs = 100_000;
  let answeredMs = 0;
  /** Passes some time, and looks; the ping of the look before has been answered or not. */
  const look = (passedMs = LOOK_MS, isAnswered = true) => {
    const pingedMs = nowMs;
    nowMs += passedMs;
    if (isAnswered) answeredMs = pingedMs;
    return watch.observe({ slot: page.slot(0), pingedMs: isAnswered ? null : pingedMs, answeredMs }, nowMs);
  };
  return { slot, watch, page, look, nowMs: () => nowMs };
}

test('a VF has surely looked for finished work up to the answer before its last', () => {
  const { look, nowMs } = setUp();
  equal(look().seenMs, 0);
  equal(look().seenMs, nowMs() - 2 * LOOK_MS);
  const { seenMs } = look();
  // It answers no more.
  for (let count = 0; count < 3; count++) equal(look(LOOK_MS, false).seenMs, seenMs);
});

test('a packet that goes on over several looks is busy from the first of them', () => {
  const { slot, look, nowMs } = setUp();
  look();
  slot.packetBoundary();
  look();
  const sinceMs = nowMs();
  deepEqual([look().threadSinceMs, look().threadSinceMs], [sinceMs, sinceMs]);
  slot.packetBoundary();
  equal(look().threadSinceMs, null);
});

test('a ping that a VF cannot read for a packet waits no longer than the packet, whatever its packets do afterwards', () => {
  const { slot, watch, page, look, nowMs } = setUp();
  look();
  const pingedMs = nowMs();
  const seen = (atMs: number) => watch.observe({ slot: page.slot(0), pingedMs, answeredMs: 0 }, atMs);
  slot.packetBoundary();
  const { threadSinceMs, pingSinceMs } = seen(pingedMs + LOOK_MS);
  deepEqual([threadSinceMs, pingSinceMs], [pingedMs + LOOK_MS, pingedMs + LOOK_MS]);
  // One that goes from packet to packet without an answer wins no time.
  for (let count = 2; count < 20; count++) {
    slot.packetBoundary();
    slot.packetBoundary();
    equal(seen(pingedMs + count * LOOK_MS).pingSinceMs, pingedMs + LOOK_MS);
  }
  equal(watch.observe({ slot: page.slot(0), pingedMs: null, answeredMs: pingedMs }, pingedMs + 6_000).pingSinceMs, null);
});

test('nobody is blamed for a time in which nobody looked', () => {
  const { slot, look, nowMs } = setUp();
  look();
  slot.packetBoundary();
  slot.oldest(nowMs(), 1);
  slot.compiling(nowMs(), 1);
  const sinceMs = nowMs();
  const before = look(2_000, false);
  deepEqual([before.submitSinceMs, before.compileSinceMs], [sinceMs, sinceMs]);
  const { submitSinceMs, compileSinceMs, threadSinceMs, pingSinceMs } = look(2_001, false);
  const afterMs = nowMs();
  deepEqual([submitSinceMs, compileSinceMs, threadSinceMs, pingSinceMs], [afterMs, afterMs, afterMs, afterMs]);
  equal(look().submitSinceMs, afterMs);
});

test('a context without a page has pings alone', () => {
  const { submitSinceMs, compileSinceMs, threadSinceMs, pingSinceMs } = new ContextWatch().observe({ slot: undefined, pingedMs: 5, answeredMs: 0 }, 10);
  deepEqual([submitSinceMs, compileSinceMs, threadSinceMs, pingSinceMs], [null, null, null, 5]);
});

import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { closeDescriptor } from './descriptor.ts';
import { Nap } from './nap.ts';
import { createSocketPair, receiveNow, sendByteNow } from './unix-socket.ts';

test('a nap takes its time', () => {
  const startMs = performance.now();
  new Nap().take(2);
  ok(performance.now() - startMs >= 2);
});

test('what becomes readable ends a nap, and is still there to read', () => {
  const [ours, theirs] = createSocketPair();
  try {
    sendByteNow(theirs);
    const nap = new Nap();
    nap.endWith(ours);
    const startMs = performance.now();
    // Naps that took their time would need minutes.
    for (let count = 0; count < 1000; count += 1) nap.take(999);
    ok(performance.now() - startMs < 100_000);
    equal(receiveNow(ours, new Uint8Array(8)), 1);
  } finally {
    closeDescriptor(ours);
    closeDescriptor(theirs);
  }
});

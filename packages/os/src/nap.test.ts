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

for (const place of [0, 1] as const) {
  test(`what becomes readable at place ${place} ends a nap, and is still there to read`, () => {
    const [ours, theirs] = createSocketPair();
    const [idle, other] = createSocketPair();
    try {
      sendByteNow(theirs);
      const nap = new Nap();
      nap.endWith(place, ours);
      nap.endWith(place === 0 ? 1 : 0, idle);
      const startMs = performance.now();
      // Naps that took their time would need minutes.
      for (let count = 0; count < 1000; count += 1) nap.take(999);
      ok(performance.now() - startMs < 100_000);
      equal(receiveNow(ours, new Uint8Array(8)), 1);
    } finally {
      for (const fd of [ours, theirs, idle, other]) closeDescriptor(fd);
    }
  });
}

test('what was taken away ends no nap', () => {
  const [ours, theirs] = createSocketPair();
  const nap = new Nap();
  nap.endWith(1, ours);
  nap.endWith(1, null);
  sendByteNow(theirs);
  const startMs = performance.now();
  nap.take(2);
  ok(performance.now() - startMs >= 2);
  for (const fd of [ours, theirs]) closeDescriptor(fd);
});

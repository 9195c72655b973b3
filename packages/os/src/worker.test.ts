import { equal } from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { closeDescriptor, createSealedMemfd, createSocketPair, drainNow, mapShared, receiveNow } from './index.ts';

const program = new URL('./testing/worker-program.js', import.meta.url);
const sizeBytes = 4096;

for (const ending of ['exit', 'terminate'] as const) {
  test(`memory and sockets work in a worker that ends by ${ending}`, { timeout: 30_000 }, async () => {
    const memfd = createSealedMemfd('gpup-worker-test', sizeBytes);
    const words = new Int32Array(mapShared(memfd, sizeBytes).buffer);
    const [ours, theirs] = createSocketPair();
    const worker = new Worker(program, { workerData: { memfd, socketFd: theirs, sizeBytes, ending } });
    const ended = once(worker, 'exit');
    await once(worker, 'message');
    equal(Atomics.load(words, 0), 77);
    equal(receiveNow(ours, new Uint8Array(1)), 1);
    if (ending === 'terminate') await worker.terminate();
    else await ended;
    equal(drainNow(ours), true);
    closeDescriptor(theirs);
    equal(drainNow(ours), false);
    closeDescriptor(ours);
    closeDescriptor(memfd);
  });
}

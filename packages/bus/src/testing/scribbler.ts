import { parentPort, workerData } from 'node:worker_threads';
import { mapShared, sendNow } from '@gpup/os';
import { HEADER_BYTES } from '../aperture-layout.ts';
import { Random } from '@gpup/base/testing';

/** What a scribbler is told. */
export interface Scribbling {
  readonly memfd: number;
  readonly socketFd: number;
  readonly sizeBytes: number;
  /** Everything behind these words is ring and heap. */
  readonly seed: number;
  readonly writeCount: number;
  /** Words that are left alone, so that the host gets further than the first check. */
  readonly spared: readonly number[];
}

// Writes random words all over the aperture while the host works in it, then says so and ends.
const { memfd, socketFd, sizeBytes, seed, writeCount, spared } = workerData as Scribbling;
const random = new Random(seed);
const mapping = mapShared(memfd, sizeBytes);
const words = new Int32Array(mapping.buffer);
const values = [0, 1, 2, 3, -1, 2 ** 31 - 1, -(2 ** 31), 64, 4096];
for (let count = 0; count < writeCount; count += 1) {
  const index = random.below(3) === 0 ? random.below(HEADER_BYTES / 4) : HEADER_BYTES / 4 + random.skewed(words.length - HEADER_BYTES / 4);
  if (!spared.includes(index)) words[index] = random.below(4) === 0 ? random.word() : (values[random.below(values.length)] as number);
  if (count % 64 === 0) sendNow(socketFd, Uint8Array.of(1));
}
mapping.release();
parentPort?.postMessage('done');

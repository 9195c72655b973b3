import { parentPort, workerData } from 'node:worker_threads';
import { ContextSlot } from '../context-slot.ts';
import { Random } from '@gpup/base/testing';

export interface RaceReport {
  readonly grantCount: number;
  readonly refusalCount: number;
  /** Over all contexts at once. */
  readonly mostBytes: number;
}

interface RaceOptions {
  readonly buffer: SharedArrayBuffer;
  readonly slotIndex: number;
  readonly seed: number;
  readonly operationCount: number;
  /** Of all contexts: added to after a grant, subtracted from before the release, so never more than what is held. */
  readonly grantedBytes: Int32Array;
  /** Contexts that are there; the race begins when all are. */
  readonly startedCount: Int32Array;
  readonly contextCount: number;
}

const { buffer, slotIndex, seed, operationCount, grantedBytes, startedCount, contextCount } = workerData as RaceOptions;
const { video } = new ContextSlot({ buffer, slotIndex });
const random = new Random(seed);
const held: number[] = [];
let grantCount = 0;
let refusalCount = 0;
let mostBytes = 0;

function release(): void {
  const bytes = held.pop() as number;
  Atomics.sub(grantedBytes, 0, bytes);
  video.release(bytes);
}

Atomics.add(startedCount, 0, 1);
Atomics.notify(startedCount, 0);
for (let count = Atomics.load(startedCount, 0); count < contextCount; count = Atomics.load(startedCount, 0)) Atomics.wait(startedCount, 0, count);

for (let i = 0; i < operationCount; i++) {
  if (held.length > 0 && random.below(2) === 0) {
    release();
    continue;
  }
  const bytes = 1 + random.below(60);
  if (held.length > 100) continue;
  if (!video.reserve(bytes)) {
    refusalCount++;
    continue;
  }
  grantCount++;
  held.push(bytes);
  mostBytes = Math.max(mostBytes, Atomics.add(grantedBytes, 0, bytes) + bytes);
}
while (held.length > 0) release();
parentPort?.postMessage({ grantCount, refusalCount, mostBytes } satisfies RaceReport);

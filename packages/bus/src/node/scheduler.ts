// The imported function: a VF replaces the global one to tame Dawn's own use of it.
import { setImmediate } from 'node:timers';
import { Nap } from '@gpup/os';
import type { Scheduler } from '../doorbell.ts';

// Atomics.wait needs shared memory of V8's own; nobody else ever sees this.
const never = new Int32Array(new SharedArrayBuffer(4));
const nap = new Nap();

export const nodeScheduler: Scheduler = {
  soon(callback) {
    setImmediate(callback);
  },
  later(callback, napMs) {
    // Not now: what the turn has queued (answers to promises) comes first.
    setImmediate(() => {
      nap.take(napMs);
      callback();
    });
  },
  nowMs() {
    return performance.now();
  },
  sleep(ms) {
    Atomics.wait(never, 0, 0, ms);
  },
};

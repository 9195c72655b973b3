import { libc } from './libc.ts';

/** As long as the C library's cpu_set_t: 1,024 processors. */
const MASK_BYTES = 128;

const allowed = new Uint8Array(MASK_BYTES);
const others = new Uint8Array(MASK_BYTES);

/** The number of the processor that this thread runs on at the moment. */
export function currentProcessor(): number {
  return libc().sched_getcpu();
}

/**
 * Moves this thread to another processor than this one, where it may run on any, and leaves it free
 * to be moved again. False where there is no other.
 *
 * On machines with few processors Linux does not look for an idle one when it wakes a thread: two
 * that have met on one processor take turns there while the other stands idle. Once apart they stay so.
 */
export function leaveProcessor(processor: number): boolean {
  const { sched_getaffinity, sched_setaffinity } = libc();
  if (sched_getaffinity(0, MASK_BYTES, allowed) !== 0) return false;
  others.set(allowed);
  others[processor >>> 3] = (others[processor >>> 3] as number) & ~(1 << (processor & 7));
  if (others.every((bits) => bits === 0) || sched_setaffinity(0, MASK_BYTES, others) !== 0) return false;
  sched_setaffinity(0, MASK_BYTES, allowed);
  return true;
}

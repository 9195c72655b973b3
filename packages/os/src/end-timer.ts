import { assert } from '@gpup/base';
import { checked, libc } from './libc.ts';

// From <sys/time.h>.
const ITIMER_REAL = 0;

/**
 * Has the kernel end this process (SIGALRM) after so long, whatever its threads are doing then: also inside of a call
 * that never returns. Each call takes the place of the one before. Time that the machine sleeps does not count.
 */
export function endProcessAfter(ms: number): void {
  assert(Number.isFinite(ms) && ms > 0);
  // struct itimerval: interval (seconds, microseconds), then value.
  const next = BigInt64Array.of(0n, 0n, BigInt(Math.floor(ms / 1000)), BigInt(Math.max(1, Math.floor((ms % 1000) * 1000))));
  checked(libc().setitimer(ITIMER_REAL, next, null), 'setitimer');
}

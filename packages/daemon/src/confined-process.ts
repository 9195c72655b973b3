import { readFileSync, readdirSync } from 'node:fs';

/**
 * Whether a process has taken its rights from itself as a VF does that its host isolates: what the kernel says of each of
 * its threads, not what it says of itself. Of a VF that a daemon before this one has started, perhaps without isolation.
 */
export function isConfinedProcess(pid: number): boolean {
  try {
    const own = readFileSync('/proc/self/status', 'latin1');
    return readdirSync(`/proc/${pid}/task`).every((thread) => isConfinedThread(readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1'), own));
  } catch {
    // It ends at this moment.
    return false;
  }
}

/** Of one thread's `status`. What surrounds the daemon, a container say, has filters of its own, which every process inside has. */
export function isConfinedThread(status: string, ownStatus: string): boolean {
  const hasNoCapabilities = /^0+$/.test(fieldOf(status, 'CapPrm'));
  return hasNoCapabilities && fieldOf(status, 'NoNewPrivs') === '1' && fieldOf(status, 'Seccomp') === FILTERED && hasFiltersOfItsOwn(status, ownStatus);
}

/** SECCOMP_MODE_FILTER. */
const FILTERED = '2';

/** Kernels before 5.9 do not count them: there, that there are any has to do. */
function hasFiltersOfItsOwn(status: string, ownStatus: string): boolean {
  const count = fieldOf(status, COUNT);
  return count === '' || Number(count) > Number(fieldOf(ownStatus, COUNT));
}

const COUNT = 'Seccomp_filters';

function fieldOf(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(\\w+)$`, 'm').exec(status)?.[1] ?? '';
}

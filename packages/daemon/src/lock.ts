import { isCount } from '@gpup/base';
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { lockFileNow } from '@gpup/os';
import { type ProcessIdentity, identify, isGone } from '@gpup/pf/core';

/** Who holds a lock, as the file says. */
export interface LockHolder extends ProcessIdentity {
  /** Since the epoch. */
  readonly sinceMs: number;
}

export type LockResult = { readonly kind: 'locked'; release(): void } | { readonly kind: 'held'; readonly holder: LockHolder | null };

/**
 * One daemon for a runtime directory. The kernel keeps the lock and drops it with the process, however that ends;
 * the file, which is never removed, only says whose it is. So nobody has to guess whether a lock is stale, also
 * not across pid namespaces.
 */
export function acquireLock(path: string): LockResult {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    if (!lockFileNow(fd)) {
      closeSync(fd);
      return { kind: 'held', holder: readHolder(path) };
    }
    const identity = identify(process.pid);
    if (identity === undefined) throw new Error('The daemon cannot read its own start time (/proc is not mounted).');
    ftruncateSync(fd, 0);
    writeSync(fd, `${JSON.stringify({ ...identity, sinceMs: Date.now() })}\n`, 0);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return {
    kind: 'locked',
    release() {
      ftruncateSync(fd, 0);
      closeSync(fd);
    },
  };
}

/** The daemon that runs in this directory; null: none does. One in another pid namespace cannot be seen, and is taken at its word. */
export function runningDaemon(lockPath: string): LockHolder | null {
  const holder = readHolder(lockPath);
  return holder === null || isGone(holder) ? null : holder;
}

function readHolder(path: string): LockHolder | null {
  try {
    const { pidNamespace, pid, startTime, sinceMs } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    if (typeof pidNamespace !== 'string' || !isCount(pid) || pid === 0 || !isCount(startTime) || !isCount(sinceMs)) return null;
    return { pidNamespace, pid, startTime, sinceMs };
  } catch {
    // No file, or one that its writer is in the middle of.
    return null;
  }
}

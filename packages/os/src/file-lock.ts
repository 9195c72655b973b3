import { lastError, libc } from './libc.ts';

// From <sys/file.h>.
const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * Locks a file for whoever holds this opening of it; the kernel lets go when the last descriptor of that opening
 * is closed, however its holder ends. False: somebody else has it.
 */
export function lockFileNow(fd: number): boolean {
  if (libc().flock(fd, LOCK_EX | LOCK_NB) === 0) return true;
  const error = lastError('flock');
  if (error.code === 'EAGAIN' || error.code === 'EWOULDBLOCK') return false;
  throw error;
}

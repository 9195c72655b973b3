import { constants } from 'node:os';
import { lastError, libc } from './libc.ts';
import { waitForDescriptor } from './unix-socket.ts';

// Numbers of system calls that are newer than the common table: equal on x64 and arm64.
const PIDFD_SEND_SIGNAL = 424;
const PIDFD_OPEN = 434;

/**
 * A descriptor that names one process for good, as no pid does: what is signalled through it is that process or
 * nobody. Null: no process has this pid. The caller owns the descriptor, which is closed on exec.
 */
export function openProcess(pid: number): number | null {
  const fd = libc().syscall(PIDFD_OPEN, pid, 0, 0, 0, 0);
  if (fd !== -1) return fd;
  const error = lastError('pidfd_open', `pid ${pid}`);
  if (error.code === 'ESRCH') return null;
  throw error;
}

/** False: the process has ended, and there was nobody to signal. */
export function signalProcess(processFd: number, signal: NodeJS.Signals): boolean {
  if (libc().syscall(PIDFD_SEND_SIGNAL, processFd, constants.signals[signal], 0, 0, 0) !== -1) return true;
  const error = lastError('pidfd_send_signal', signal);
  if (error.code === 'ESRCH') return false;
  throw error;
}

/** Also true of a zombie: nothing of it is left but a line in its parent's books. */
export function hasProcessEnded(processFd: number): boolean {
  return waitForDescriptor(processFd, 'readable', 0);
}

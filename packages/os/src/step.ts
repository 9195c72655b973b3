import { openSync, readSync, writeSync } from 'node:fs';

/** `STEP:FILE`: the first process that reaches STEP writes its pid, and a newline, to FILE and stops there. */
export const FREEZE_VARIABLE = 'GPUP_TEST_FREEZE';

const [frozenStep, pidFile] = (process.env[FREEZE_VARIABLE] ?? '').split(/:(.*)/s);
/** Opened at the beginning: a VF that has a guest can open nothing. */
const pidFd = pidFile === undefined ? null : openSync(pidFile, 'a+');

/**
 * A named point of start-up or shut-down. Does nothing unless a test asked for this point: then the
 * process stops itself (SIGSTOP), so that the test can kill it, or its peers, exactly here. Real
 * crashes do not choose quiet moments, and a random kill hits most of these points too rarely.
 */
export function step(name: string): void {
  if (name !== frozenStep || pidFd === null || !isFirst(pidFd)) return;
  process.kill(process.pid, 'SIGSTOP');
  // The signal may reach another thread first; this one must not run on meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
}

/** False: another process froze here before us, or this one was thawed and came by again. */
function isFirst(fd: number): boolean {
  if (firstLine(fd) !== '') return false;
  // Appended as a whole, so that of two that come at once one is before the other.
  writeSync(fd, `${process.pid}\n`);
  return firstLine(fd) === String(process.pid);
}

function firstLine(fd: number): string {
  const bytes = Buffer.alloc(32);
  const count = readSync(fd, bytes, 0, bytes.length, 0);
  return bytes.toString('latin1', 0, count).split('\n')[0] ?? '';
}

import { writeFileSync } from 'node:fs';

/** `STEP:FILE`: the first process that reaches STEP writes its pid to FILE and stops there. */
export const FREEZE_VARIABLE = 'GPUP_TEST_FREEZE';

const [frozenStep, pidFile] = (process.env[FREEZE_VARIABLE] ?? '').split(/:(.*)/s);

/**
 * A named point of start-up or shut-down. Does nothing unless a test asked for this point: then the
 * process stops itself (SIGSTOP), so that the test can kill it, or its peers, exactly here. Real
 * crashes do not choose quiet moments, and a random kill hits most of these points too rarely.
 */
export function step(name: string): void {
  if (name !== frozenStep || pidFile === undefined) return;
  try {
    writeFileSync(pidFile, String(process.pid), { flag: 'wx' });
  } catch {
    // Another process froze here before us, or this one was thawed and came by again.
    return;
  }
  process.kill(process.pid, 'SIGSTOP');
  // The signal may reach another thread first; this one must not run on meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
}

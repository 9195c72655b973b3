import { writeSync } from 'node:fs';
import { die } from './guard.ts';
import { report } from './report.ts';
import { vfStep } from './steps.ts';

const STDERR_FD = 2;

/** Tells why to whoever listens, and ends this process. */
export function endVf(code: string, message: string): never {
  vfStep('vf.ending');
  report({ type: 'fault', code, message });
  die();
}

/** The code of a VF that ended through a bug of ours; the host logs what it printed. */
export const VF_BUG = 'vf-bug';

/** Our own bugs, and Dawn's exceptions that nobody expects: this VF's context is lost, and nothing else. */
export function endOnBugs(): void {
  const end = (error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    try {
      writeSync(STDERR_FD, `${text}\n`);
    } catch {}
    endVf(VF_BUG, error instanceof Error ? error.message : String(error));
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

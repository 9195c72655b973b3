import { writeSync } from 'node:fs';

const STDERR_FD = 2;

/** One line for the operator. Whoever reads standard error may be gone, which is no reason to end. */
export function logLine(text: string): void {
  try {
    writeSync(STDERR_FD, `gpup host: ${text}\n`);
  } catch {}
}

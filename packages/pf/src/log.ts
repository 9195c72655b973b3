import { writeSync } from 'node:fs';
import { printableText } from '@gpup/base';

const STDERR_FD = 2;

let sink: (text: string) => void = writeToStderr;

/** For a host process with a log of its own. */
export function logTo(next: (text: string) => void): void {
  sink = next;
}

/** One line for the operator. A VF's words may quote a guest's labels. */
export function logLine(text: string): void {
  sink(printableText(text));
}

/** Whoever reads standard error may be gone, which is no reason to end. */
function writeToStderr(text: string): void {
  try {
    writeSync(STDERR_FD, `gpup host: ${text}\n`);
  } catch {}
}

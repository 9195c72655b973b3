import { writeSync } from 'node:fs';

const STDERR_FD = 2;

/** What a terminal would act upon: a VF's words may quote a guest's labels. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that are meant
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

let sink: (text: string) => void = writeToStderr;

/** For a host process with a log of its own. */
export function logTo(next: (text: string) => void): void {
  sink = next;
}

/** One line for the operator. */
export function logLine(text: string): void {
  sink(text.replace(CONTROL, '�'));
}

/** Whoever reads standard error may be gone, which is no reason to end. */
function writeToStderr(text: string): void {
  try {
    writeSync(STDERR_FD, `gpup host: ${text}\n`);
  } catch {}
}

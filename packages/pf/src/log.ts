import { writeSync } from 'node:fs';

const STDERR_FD = 2;

/** What a terminal would act upon: a VF's words may quote a guest's labels. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that are meant
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** One line for the operator. Whoever reads standard error may be gone, which is no reason to end. */
export function logLine(text: string): void {
  try {
    writeSync(STDERR_FD, `gpup host: ${text.replace(CONTROL, '�')}\n`);
  } catch {}
}

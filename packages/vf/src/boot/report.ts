import { writeSync } from 'node:fs';
import { VF_CONTROL_FD } from './config.ts';
import { type VfLine, encodeVfLine } from './control-line.ts';

/** Who hears what this VF has to say: its host process, or else whoever is concerned. */
export type Listener = (line: VfLine) => void;

let listener: Listener = (line) => void sayTo(VF_CONTROL_FD, line);

/** For a VF whose host processes come and go. */
export function reportTo(next: Listener): void {
  listener = next;
}

export function report(line: VfLine): void {
  listener(line);
}

/**
 * Written in one go and at once: a VF that reports a fault may be in no state to run its event loop. False: the
 * host is gone or does not read, and has heard no whole line.
 */
export function sayTo(hostFd: number, line: VfLine): boolean {
  const bytes = Buffer.from(encodeVfLine(line));
  try {
    return writeSync(hostFd, bytes) === bytes.length;
  } catch {
    return false;
  }
}

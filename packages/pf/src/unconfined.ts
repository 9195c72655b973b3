import { logLine } from './log.ts';

let isTold = false;

/** One warning for the life of a host process: all of its VFs lack the same. */
export function tellUnconfined(lacking: string): void {
  if (isTold) return;
  isTold = true;
  logLine(`VF processes are not isolated in every way; missing: ${lacking}.`);
}

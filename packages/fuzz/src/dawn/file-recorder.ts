import { ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { SessionRecorder } from '../flight-recorder.ts';
import type { Case } from '../target.ts';

/** The steps of the session that is running, in a file: they outlive the process. */
export class FileRecorder implements SessionRecorder {
  readonly #fd: number;
  #at = 0;

  constructor(path: string) {
    this.#fd = openSync(path, 'w');
  }

  session(target: string): void {
    ftruncateSync(this.#fd, 0);
    this.#at = 0;
    this.#append(target);
  }

  begin(options: unknown): void {
    this.#append(JSON.stringify(options));
  }

  step(step: string): void {
    this.#append(step);
  }

  #append(line: string): void {
    this.#at += writeSync(this.#fd, `${line}\n`, this.#at);
  }
}

/** What the file's process was doing last. */
export function readRecord(path: string): { readonly target: string; readonly kept: Case } | null {
  const [target = '', options = '', ...steps] = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return options === '' ? null : { target, kept: { options: JSON.parse(options) as unknown, steps } };
}

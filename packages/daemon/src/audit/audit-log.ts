import type { AuditEntry, Change } from '@gpup/pf/access';
import { Refusal } from '@gpup/pf/refusal';
import { decodeAuditLine, encodeBegun, encodeEnded } from './audit-lines.ts';
import { AuditTail } from './audit-tail.ts';
import { RotatingFile, type RotatingFileLimits, tailLines } from './rotating-file.ts';

export interface AuditLogOptions {
  readonly path: string;
  readonly limits: RotatingFileLimits & { readonly entriesMax: number; readonly tailBytesMax: number };
  readonly nowMs: () => number;
  /** Is told what no caller can be told. */
  readonly onFault: (message: string) => void;
}

/**
 * Who has changed what on this host, and what became of it: JSON lines, only ever appended to, each kept before the change
 * that it tells of begins. Where that fails there is no change.
 */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #file: RotatingFile;
  readonly #tail: AuditTail;
  #lastId = 0;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#file = new RotatingFile(options.path, options.limits);
    this.#tail = new AuditTail({ entriesMax: options.limits.entriesMax, bytesMax: options.limits.tailBytesMax });
    this.#readTail();
  }

  /** The returned function tells what became of it: `done`, or the code of a refusal. */
  begin(change: Change): (outcome: string) => void {
    const { nowMs } = this.#options;
    const id = this.#lastId + 1;
    const timeMs = nowMs();
    this.#append(encodeBegun(id, timeMs, change));
    this.#lastId = id;
    this.#tail.begin(id, timeMs, change);
    return (outcome) => this.#end(id, outcome);
  }

  /** What the host itself has decided, and what holds in any case. */
  note(change: Change): void {
    try {
      this.begin(change)('done');
    } catch {
      // Told already.
    }
  }

  entries(countMax: number): readonly AuditEntry[] {
    return this.#tail.newest(countMax);
  }

  /** By then the change has been made, or has not: it stays so. */
  #end(id: number, outcome: string): void {
    const timeMs = this.#options.nowMs();
    this.#tail.end(id, timeMs, outcome);
    try {
      this.#append(encodeEnded(id, timeMs, outcome));
    } catch {
      // Told already; in the file it is a change whose outcome is unknown.
    }
  }

  #append(line: string): void {
    try {
      this.#file.append(line);
    } catch (error) {
      const why = (error as Error).message;
      this.#options.onFault(`The audit log ${this.#options.path} cannot be written, so nothing is changed until it can: ${why}.`);
      throw new Refusal('audit-unavailable', "The audit log cannot be written, so nothing is changed; the host's log says why.");
    }
  }

  /** Numbers go on where the host before ended. A file that cannot be read cannot be written either, which is told then. */
  #readTail(): void {
    const { path, limits } = this.#options;
    try {
      for (const file of [`${path}.1`, path]) {
        for (const line of tailLines(file, limits.tailBytesMax)) this.#take(line);
      }
    } catch (error) {
      this.#options.onFault(`The audit log ${path} cannot be read: ${(error as Error).message}.`);
    }
    this.#tail.settle();
  }

  #take(text: string): void {
    const line = decodeAuditLine(text);
    if (line === undefined) return;
    this.#lastId = Math.max(this.#lastId, line.id);
    this.#tail.take(line);
  }
}

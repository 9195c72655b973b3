import { closeSync, openSync, readSync, statSync } from 'node:fs';

interface LogLine {
  readonly level: string;
  readonly message: string;
}

/** Written for a VF that has ended without a reason, or through a bug of its own. */
const UNEXPECTED_END = /^VF process (\d+): /;
const READ_BYTES_MAX = 8 << 20;

/** What the host's log says that it must not. */
export function logComplaints(lines: readonly LogLine[], killedVfPids: ReadonlySet<number>): readonly string[] {
  return lines.flatMap(({ level, message }) => {
    const [, pid] = UNEXPECTED_END.exec(message) ?? [];
    const isBad = level === 'error' || (pid !== undefined && !killedVfPids.has(Number(pid)));
    return isBad ? [`${level}: ${message}`] : [];
  });
}

/** The host's log file, read as it grows. */
export class HostLog {
  readonly #path: string;
  #offset = 0;
  #rest = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** What has come since the last time. */
  next(): readonly LogLine[] {
    const text = this.#rest + this.#read();
    const lines = text.split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.map((line) => JSON.parse(line) as LogLine);
  }

  #read(): string {
    const { size } = statSync(this.#path);
    // It was put aside, and a new one begun.
    if (size < this.#offset) this.#offset = 0;
    const bytes = Buffer.alloc(Math.min(size - this.#offset, READ_BYTES_MAX));
    const fd = openSync(this.#path, 'r');
    try {
      this.#offset += readSync(fd, bytes, 0, bytes.length, this.#offset);
    } finally {
      closeSync(fd);
    }
    return bytes.toString('utf8');
  }
}

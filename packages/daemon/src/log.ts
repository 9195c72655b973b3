import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { printableJson } from '@gpup/base';
import type { LogLevel } from '@gpup/pf/host-config';
import { DAEMON_LIMITS } from './limits.ts';

/** From the worst to the least. */
const LEVELS: readonly LogLevel[] = ['error', 'warning', 'info', 'debug'];

export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

export interface LogOptions {
  /** Takes one line, its newline included. */
  readonly write: (line: string) => void;
  /** This and what is worse. */
  readonly level: LogLevel;
  readonly nowMs: () => number;
}

/**
 * What the daemon does, one JSON object a line: `time`, `level`, `message`, and fields for programs. A message may
 * quote a guest, and whoever reads the lines may do so at a terminal.
 */
export class Log {
  readonly #options: LogOptions;
  readonly #kept: string[] = [];

  constructor(options: LogOptions) {
    this.#options = options;
  }

  error(message: string, fields: LogFields = {}): void {
    this.#add('error', message, fields);
  }
  warning(message: string, fields: LogFields = {}): void {
    this.#add('warning', message, fields);
  }
  info(message: string, fields: LogFields = {}): void {
    this.#add('info', message, fields);
  }
  debug(message: string, fields: LogFields = {}): void {
    this.#add('debug', message, fields);
  }

  /** The newest ones, the oldest of them first. */
  lines(countMax: number): readonly string[] {
    return countMax <= 0 ? [] : this.#kept.slice(-countMax);
  }

  #add(level: LogLevel, message: string, fields: LogFields): void {
    const { level: levelMax, nowMs, write } = this.#options;
    if (LEVELS.indexOf(level) > LEVELS.indexOf(levelMax)) return;
    const time = new Date(nowMs()).toISOString();
    const line = printableJson({ time, level, message: message.slice(0, DAEMON_LIMITS.logMessageCharactersMax), ...fields });
    this.#kept.push(line);
    if (this.#kept.length > DAEMON_LIMITS.logLinesMax) this.#kept.shift();
    write(`${line}\n`);
  }
}

/** A file that is put aside when it has grown to `bytesMax`: PATH.1 is the one before. A full disk is no reason to end. */
export function logFile(path: string, bytesMax: number): (line: string) => void {
  let fd = openSync(path, 'a', 0o600);
  let sizeBytes = fstatSync(fd).size;
  return (line) => {
    try {
      if (sizeBytes >= bytesMax) {
        renameSync(path, `${path}.1`);
        closeSync(fd);
        fd = openSync(path, 'a', 0o600);
        sizeBytes = 0;
      }
      sizeBytes += writeSync(fd, line);
    } catch {}
  };
}

export function logToStderr(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // Whoever reads it is gone.
  }
}

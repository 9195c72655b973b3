import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectory, writeWhole } from '@gpup/pf/kept-file';

export interface RotatingFileLimits {
  /** A file that has grown to this is put aside: PATH.1 is the one before, and so on. */
  readonly fileBytesMax: number;
  /** Of those that were put aside; the oldest goes. */
  readonly filesMax: number;
}

/**
 * Lines that are only ever appended, each kept before `append` returns. The file is opened for each: one that somebody has
 * moved away is begun anew, and no line goes where nobody looks.
 */
export class RotatingFile {
  readonly #path: string;
  readonly #limits: RotatingFileLimits;

  constructor(path: string, limits: RotatingFileLimits) {
    this.#path = path;
    this.#limits = limits;
  }

  /** Returns when the line would survive a loss of power. Throws where it cannot be written; then none of it is left. */
  append(line: string): void {
    this.#putAsideIfFull();
    const fd = openSync(this.#path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    try {
      appendLine(fd, line);
      // Its first line: the file may be new, and is kept only once its directory is.
      if (fstatSync(fd).size <= Buffer.byteLength(line)) syncDirectory(dirname(this.#path));
    } finally {
      closeSync(fd);
    }
  }

  /** Where it cannot be put aside the file grows on: that is no reason to lose a line. */
  #putAsideIfFull(): void {
    const { fileBytesMax, filesMax } = this.#limits;
    if ((statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0) < fileBytesMax) return;
    try {
      for (let index = filesMax - 1; index >= 1; index--) renameIfThere(`${this.#path}.${index}`, `${this.#path}.${index + 1}`);
      renameSync(this.#path, `${this.#path}.1`);
    } catch {}
  }
}

function appendLine(fd: number, line: string): void {
  const { size } = fstatSync(fd);
  // A crash has cut the last line short: it stays as it is, and stays one line.
  const begin = size > 0 && lastByte(fd, size) !== NEWLINE ? '\n' : '';
  try {
    writeWhole(fd, begin + line);
    fsyncSync(fd);
  } catch (error) {
    takeBack(fd, size);
    throw error;
  }
}

/** What is left of it else begins no line: see `appendLine`. */
function takeBack(fd: number, size: number): void {
  try {
    ftruncateSync(fd, size);
  } catch {}
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

const NEWLINE = 10;

function lastByte(fd: number, size: number): number {
  const byte = new Uint8Array(1);
  readSync(fd, byte, 0, 1, size - 1);
  return byte[0] as number;
}

/** The last lines of a file, of at most so many bytes; the first of them may be cut short. Empty where there is no file. */
export function tailLines(path: string, bytesMax: number): readonly string[] {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    const bytes = Buffer.alloc(Math.min(size, bytesMax));
    const count = readSync(fd, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8', 0, count).split('\n').filter((line) => line !== '');
  } finally {
    closeSync(fd);
  }
}

import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { extname } from 'node:path';
import type { CaptureSource } from './capture-reader.ts';
import type { CaptureSink } from './capture-writer.ts';

/** Contexts of one program that are captured: each has a file of its own. */
const FILE_COUNT_MAX = 1000;

/**
 * Makes a new file at `path`, or beside it as `NAME.2.EXTENSION` and so on where there is one: each context of a
 * program has its own. A file that exists is never written to. Only the owner can read it: it holds a guest's data.
 * The descriptor is the caller's.
 */
export function createCaptureFile(path: string): number {
  for (let number = 1; number <= FILE_COUNT_MAX; number++) {
    try {
      return openSync(numbered(path, number), 'wx', 0o600);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw new Error(`The capture (${path}) cannot be written: ${(error as Error).message}.`, { cause: error });
    }
  }
  throw new Error(`The capture (${path}) exists, and ${FILE_COUNT_MAX - 1} others beside it.`);
}

function numbered(path: string, number: number): string {
  if (number === 1) return path;
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}.${number}${extension}`;
}

/** Owns the descriptor. */
export function captureSink(fd: number): CaptureSink {
  return new FileSink(fd);
}

class FileSink implements CaptureSink {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(bytes: Uint8Array, position: number): void {
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(this.#fd, bytes, offset, bytes.length - offset, position + offset);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** A file that is read piece by piece: captures are larger than memory may be. Open until `close`. */
export class CaptureFile implements CaptureSource {
  readonly byteLength: number;
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = openSync(path, 'r');
    this.byteLength = fstatSync(this.#fd).size;
  }

  read(offset: number, byteLength: number): Uint8Array {
    const bytes = new Uint8Array(byteLength);
    for (let at = 0; at < byteLength; ) {
      const count = readSync(this.#fd, bytes, at, byteLength - at, offset + at);
      // It became shorter under our hands: the rest is zeros, and no checksum.
      if (count === 0) break;
      at += count;
    }
    return bytes;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

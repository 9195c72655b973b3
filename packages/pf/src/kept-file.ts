/**
 * A file of the state directory that is written whole. A reader, after a crash at any moment, finds the file before the
 * write or the file after it. One writer at a time, for its owner alone.
 */
import { closeSync, constants, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Refusal } from './refusal.ts';

/** The moments of a write after each of which a crash is tried, in their order. */
export const KEPT_FILE_STEPS = ['opened', 'written', 'synced', 'renamed', 'kept'] as const;
export type KeptFileStep = (typeof KEPT_FILE_STEPS)[number];

/**
 * Returns when the text would survive a loss of power. On failure the older file is in place, and what is left of the
 * newer one is overwritten by the next write.
 */
export function writeKeptFile(path: string, text: string, onStep: (step: KeptFileStep) => void = () => {}): void {
  makeDirectory(dirname(path));
  const temporaryPath = temporaryPathOf(path);
  // Not followed: a link in our place would have us write elsewhere.
  const fd = openSync(temporaryPath, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o600);
  try {
    onStep('opened');
    writeWhole(fd, text);
    onStep('written');
    fsyncSync(fd);
    onStep('synced');
  } finally {
    closeSync(fd);
  }
  renameSync(temporaryPath, path);
  onStep('renamed');
  syncDirectory(dirname(path));
  onStep('kept');
}

/** Null where there is no file. Throws an Error, whose message is the reason, for one that is too large or cannot be read. */
export function readKeptFile(path: string, bytesMax: number): string | null {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    if (size > bytesMax) throw new Error(`it has ${size} bytes, more than it may have (${bytesMax})`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** What one needs to know of a kept file of JSON to read it, and to say what is wrong with it. */
export interface KeptRecord<T> {
  readonly bytesMax: number;
  /** Throws an Error that says what is wrong. */
  readonly decode: (value: unknown) => T;
  /** Of the Refusal. */
  readonly code: string;
  /** `The tokens`. */
  readonly what: string;
  /** What a host begins with that has no such file: `without tokens`. */
  readonly otherwise: string;
}

/** Null where there is no file. Throws a Refusal for one that is damaged; the file stays as it is. */
export function loadKept<T>(path: string, { bytesMax, decode, code, what, otherwise }: KeptRecord<T>): T | null {
  try {
    const text = readKeptFile(path, bytesMax);
    return text === null ? null : decode(JSON.parse(text));
  } catch (error) {
    throw new Refusal(code, `${what} in ${path} cannot be read, so nothing is started and the file is kept as it is: ${(error as Error).message} Mend it, or move it away to begin ${otherwise}.`);
  }
}

/** One name for ever, so that what crashes leave behind never adds up. */
export function temporaryPathOf(path: string): string {
  return `${path}.new`;
}

export function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let offset = 0; offset < bytes.length; ) offset += writeSync(fd, bytes, offset);
}

/** A new directory is kept only once the one above it is. */
function makeDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) syncDirectory(dirname(made));
}

/** A new name is kept only once its directory is. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

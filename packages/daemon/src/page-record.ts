import { fstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Which file a partition's page is, kept beside its socket: VFs hand the page to the next daemon, and one that was
 * taken over by its guest could hand over another. Memory files have numbers of their own as others have.
 */
export function recordPage(path: string, fd: number): void {
  writeFileSync(`${path}.new`, identityOf(fd), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** True where nothing is recorded: then the page is the first one that is handed over. */
export function isRecordedPage(path: string, fd: number): boolean {
  let recorded: string;
  try {
    recorded = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  return recorded === identityOf(fd);
}

export function forgetPage(path: string): void {
  for (const each of [path, `${path}.new`]) rmSync(each, { force: true });
}

export function isSameFile(fd: number, other: number): boolean {
  return identityOf(fd) === identityOf(other);
}

/** Of a file that lives in memory: no two that this machine has at a time are the same. */
export function identityOf(fd: number): string {
  const { dev, ino } = fstatSync(fd);
  return `${dev}:${ino}`;
}

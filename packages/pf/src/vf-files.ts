import { closeSync, constants, ftruncateSync, openSync, readSync, rmSync, fstatSync } from 'node:fs';
import { join } from 'node:path';

/** What a VF process that outlives its host has in the host's runtime directory, named for its id. */
export interface VfFiles {
  /** Made by the VF itself, when it is assigned. */
  readonly socketPath: string;
  /** Its standard error: a pipe would end with the host. */
  readonly logPath: string;
}

/** A VF that was taken over may have put in its log's place a pipe, on which opening waits, or a link to another file. */
const AS_IT_IS = constants.O_NONBLOCK | constants.O_NOFOLLOW;

const SOCKET_SUFFIX = '.sock';
const LOG_SUFFIX = '.log';

export function vfFiles(directory: string, vfId: string): VfFiles {
  return { socketPath: join(directory, `${vfId}${SOCKET_SUFFIX}`), logPath: join(directory, `${vfId}${LOG_SUFFIX}`) };
}

/** The ids of the VFs that have a socket or a log here. */
export function vfIdsAmong(names: readonly string[]): readonly string[] {
  const ids = names.flatMap((name) => {
    const suffix = [SOCKET_SUFFIX, LOG_SUFFIX].find((each) => name.endsWith(each));
    return suffix === undefined ? [] : [name.slice(0, -suffix.length)];
  });
  return [...new Set(ids)];
}

/** Appended to, so that it can be cut off while the VF writes on. The caller owns the descriptor. */
export function openVfLog({ logPath }: VfFiles): number {
  return openSync(logPath, 'a', 0o600);
}

/** The end of what the VF has printed. Empty where there is nothing. */
export function vfLogTail({ logPath }: VfFiles, bytesMax: number): string {
  try {
    const fd = openSync(logPath, constants.O_RDONLY | AS_IT_IS);
    try {
      const { size } = fstatSync(fd);
      const bytes = Buffer.alloc(Math.min(size, bytesMax));
      const count = readSync(fd, bytes, 0, bytes.length, Math.max(0, size - bytes.length));
      return bytes.toString('utf8', 0, count);
    } finally {
      closeSync(fd);
    }
  } catch {
    return '';
  }
}

/** A VF may print without end: what is above the limit goes. */
export function limitVfLog({ logPath }: VfFiles, bytesMax: number): void {
  try {
    const fd = openSync(logPath, constants.O_RDWR | AS_IT_IS);
    try {
      if (fstatSync(fd).size > bytesMax) ftruncateSync(fd, 0);
    } finally {
      closeSync(fd);
    }
  } catch {
    // It is gone, with its VF.
  }
}

/** A VF that was taken over may have put in their place what is not to be removed, and that stays. */
export function removeVfFiles({ socketPath, logPath }: VfFiles): void {
  for (const path of [socketPath, logPath]) {
    try {
      rmSync(path, { force: true });
    } catch {}
  }
}

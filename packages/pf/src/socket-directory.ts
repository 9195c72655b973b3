import { type Stats, accessSync, constants, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProcessIdentity, identify, isGone } from './process-identity.ts';

/**
 * The private directory of one host process: its socket, and nothing else that outlives a call. The
 * name says whose it is, so that a later host process can remove what a killed one has left.
 */
const DIRECTORY_NAME = /^gpup-(\d+)-(\d+)-(\d+)$/;
const SOCKET_NAME = 'host.sock';
/** sizeof(sockaddr_un.sun_path) less its final NUL. */
const SOCKET_PATH_BYTES_MAX = 107;

export interface SocketDirectory {
  readonly path: string;
  readonly socketPath: string;
}

/** Where this process's directory will be. Makes nothing yet, so that others can be told first whom to clean up after. */
export function planSocketDirectory(): SocketDirectory {
  const name = ownHostName();
  const failures: string[] = [];
  for (const base of baseDirectories()) {
    const path = join(base, name);
    const socketPath = join(path, SOCKET_NAME);
    const pathBytes = Buffer.byteLength(socketPath);
    if (pathBytes > SOCKET_PATH_BYTES_MAX) failures.push(`${socketPath} has ${pathBytes} bytes, more than a socket's path may have (${SOCKET_PATH_BYTES_MAX})`);
    else if (!isWritable(base)) failures.push(`${base} is not writable`);
    else return { path, socketPath };
  }
  throw new Error(`No place for the host's socket: ${failures.join('; ')}.`);
}

/** Owned by this process: `removeSocketDirectory` it at the end. Fails if somebody else has put something in its place. */
export function makeSocketDirectory(directory: SocketDirectory): void {
  mkdirSync(directory.path, { mode: 0o700 });
}

export function removeSocketDirectory(directory: SocketDirectory): void {
  rmSync(directory.path, { recursive: true, force: true });
}

/** Removes the directories of our user's host processes that are gone. */
export function sweepSocketDirectories(): void {
  for (const base of baseDirectories()) {
    for (const name of namesIn(base)) {
      if (!isOfGoneHost(name)) continue;
      const path = join(base, name);
      const found = lstat(path);
      if (found === undefined || !found.isDirectory() || found.uid !== process.getuid?.()) continue;
      try {
        rmSync(path, { recursive: true, force: true });
      } catch {
        // Another host process sweeps too, or the file system has become read-only: not our run's trouble.
      }
    }
  }
}

/** For what has this host process's name: later ones can tell when it is nobody's any more. */
export function ownHostName(): string {
  const own = identify(process.pid);
  if (own === undefined) throw new Error('The host process cannot read its own start time (/proc is not mounted).');
  return `gpup-${own.pidNamespace}-${own.pid}-${own.startTime}`;
}

/** Whether such a name is one of a host process that is surely gone. */
export function isOfGoneHost(name: string): boolean {
  const owner = ownerOf(name);
  return owner !== undefined && isGone(owner);
}

function ownerOf(name: string): ProcessIdentity | undefined {
  const [, pidNamespace, pid, startTime] = DIRECTORY_NAME.exec(name) ?? [];
  if (pidNamespace === undefined || pid === undefined || startTime === undefined) return undefined;
  return { pidNamespace, pid: Number(pid), startTime: Number(startTime) };
}

function baseDirectories(): readonly string[] {
  const runtime = process.env['XDG_RUNTIME_DIR'];
  const usable = runtime !== undefined && lstat(runtime)?.isDirectory() === true && lstat(runtime)?.uid === process.getuid?.();
  return [...new Set([...(usable ? [runtime] : []), tmpdir(), '/tmp'])];
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function lstat(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

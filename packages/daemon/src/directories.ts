import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where a daemon's files are. Everything in the runtime directory is gone after a restart of the machine. */
export interface Directories {
  readonly runtime: string;
  readonly state: string;
  /** Sockets of partitions: who may open one may use the partition. */
  readonly partitions: string;
  /** Sockets of adapters that one guest owns whole. */
  readonly adapters: string;
  /** What VFs that outlive the daemon keep: sockets for the next one, and logs. */
  readonly vfs: string;
  readonly lockPath: string;
  readonly apiSocketPath: string;
  readonly definitionsPath: string;
  readonly tokensPath: string;
  readonly usagePath: string;
  readonly auditPath: string;
  readonly logPath: string;
}

export function directoriesIn({ runtimeDirectory, stateDirectory }: { readonly runtimeDirectory: string; readonly stateDirectory: string }): Directories {
  return {
    runtime: runtimeDirectory,
    state: stateDirectory,
    partitions: join(runtimeDirectory, 'partitions'),
    adapters: join(runtimeDirectory, 'adapters'),
    vfs: join(runtimeDirectory, 'vfs'),
    lockPath: join(runtimeDirectory, 'daemon.lock'),
    apiSocketPath: join(runtimeDirectory, 'api.sock'),
    definitionsPath: join(stateDirectory, 'partitions.json'),
    tokensPath: join(stateDirectory, 'tokens.json'),
    usagePath: join(stateDirectory, 'usage.json'),
    auditPath: join(stateDirectory, 'audit.jsonl'),
    logPath: join(stateDirectory, 'host.log'),
  };
}

/** Makes what is missing, for this user alone, and refuses what others may write to: they could put their sockets in place of ours. */
export function makeDirectories({ runtime, state, partitions, adapters, vfs }: Directories): void {
  for (const path of [runtime, state, partitions, adapters, vfs]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const found = lstatSync(path);
    if (!found.isDirectory() || found.uid !== process.getuid?.()) throw new Error(`The directory ${path} belongs to another user, or is none.`);
    if ((found.mode & 0o022) !== 0) throw new Error(`Others may write to the directory ${path} (mode ${(found.mode & 0o777).toString(8)}).`);
  }
}

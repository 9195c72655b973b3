import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { checked, libc } from './libc.ts';

const PR_SET_PDEATHSIG = 1;

/**
 * Asks the kernel to signal this process when its parent ends. Returns false if the parent ended
 * before we asked (its pid is then no longer ours to watch): the caller should end itself.
 *
 * The kernel means the *thread* that forked us: Node forks on the thread that called spawn, so a
 * process spawned by a worker gets the signal when that worker ends.
 */
export function dieWithParent(signal: NodeJS.Signals, parentPid: number): boolean {
  checked(libc().prctl(PR_SET_PDEATHSIG, constants.signals[signal]), 'prctl', 'PR_SET_PDEATHSIG');
  return libc().getppid() === parentPid;
}

/** Takes `dieWithParent` back: from now on the parent's end means nothing to this process. */
export function outliveParent(): void {
  checked(libc().prctl(PR_SET_PDEATHSIG, 0), 'prctl', 'PR_SET_PDEATHSIG');
}

/**
 * When a process started, in clock ticks since boot: with its pid it names a process for good, as
 * pids are used again. Null if there is no such process.
 */
export function processStartTicks(pid: number): number | null {
  const stat = readProcFile(pid, 'stat');
  if (stat === null) return null;
  // Field 2 is the command's name in brackets and may hold anything; the rest follows its last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const STARTTIME_FIELD = 22;
  return Number(fields[STARTTIME_FIELD - 3]);
}

export interface MappedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly shared: boolean;
}

/** The files that a process maps, memfds as `/memfd:NAME (deleted)`. */
export function mappedFilesOf(pid: number): readonly MappedFile[] {
  const files: MappedFile[] = [];
  for (const line of (readProcFile(pid, 'maps') ?? '').split('\n')) {
    const fields = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ +(\/.*)$/.exec(line);
    if (fields === null) continue;
    const [, begin = '', end = '', permissions = '', path = ''] = fields;
    files.push({ path, sizeBytes: Number(BigInt(`0x${end}`) - BigInt(`0x${begin}`)), shared: permissions.endsWith('s') });
  }
  return files;
}

function readProcFile(pid: number, name: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return null;
    throw error;
  }
}

import { readFileSync, readlinkSync } from 'node:fs';

/** Names one process on this machine for good: pids are reused, and mean nothing in another pid namespace. */
export interface ProcessIdentity {
  readonly pidNamespace: string;
  readonly pid: number;
  /** In clock ticks since the machine started. */
  readonly startTime: string;
}

export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { pidNamespace: ownPidNamespace(), pid, startTime };
}

/** Whether the process is surely gone. One in another pid namespace cannot be seen, so it never is. */
export function isGone(identity: ProcessIdentity): boolean {
  return identity.pidNamespace === ownPidNamespace() && startTimeOf(identity.pid) !== identity.startTime;
}

function ownPidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

function startTimeOf(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses and may hold anything, so count from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[STATE] === 'Z' ? undefined : fields[START_TIME];
}

/** Indexes after the name: proc(5) calls these fields 3 and 22. */
const STATE = 0;
const START_TIME = 19;

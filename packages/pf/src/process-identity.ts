import { readFileSync, readlinkSync } from 'node:fs';

/** Names one process on this machine for good: pids are reused, and mean nothing in another pid namespace. */
export interface ProcessIdentity {
  readonly pidNamespace: string;
  readonly pid: number;
  /** In clock ticks since the machine started. */
  readonly startTime: number;
}

export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = startTimeOf(pid);
  return startTime === null ? undefined : { pidNamespace: ownPidNamespace(), pid, startTime };
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

/** Null: no such process, or one that has ended and that its parent has not noticed yet, perhaps never will. */
function startTimeOf(pid: number): number | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  // The second field is the program's name in parentheses and may hold anything, so count from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  return state === 'Z' || state === 'X' ? null : Number(fields[START_TIME]);
}

/** Index after the name: proc(5) calls this field 22. */
const START_TIME = 19;

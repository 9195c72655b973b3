import { readlinkSync } from 'node:fs';
import { processStartTicks } from '@gpup/os';

/** Names one process on this machine for good: pids are reused, and mean nothing in another pid namespace. */
export interface ProcessIdentity {
  readonly pidNamespace: string;
  readonly pid: number;
  /** In clock ticks since the machine started. */
  readonly startTime: number;
}

export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = processStartTicks(pid);
  return startTime === null ? undefined : { pidNamespace: ownPidNamespace(), pid, startTime };
}

/** Whether the process is surely gone. One in another pid namespace cannot be seen, so it never is. */
export function isGone(identity: ProcessIdentity): boolean {
  return identity.pidNamespace === ownPidNamespace() && processStartTicks(identity.pid) !== identity.startTime;
}

function ownPidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

import type { Observation } from '../seen/observation.ts';

/** Memory at a rest, MiB: what belongs to no file. */
export interface MemoryRow {
  readonly minute: number;
  readonly daemonPid: number;
  readonly daemonMiB: number;
  /** Of VFs with guests that have given back what they had, and of those that wait. */
  readonly vfMiBMax: number;
  readonly vfCount: number;
}

const MIB = 2 ** 20;

export class MemoryRecord {
  readonly rows: MemoryRow[] = [];

  add(minute: number, { host, processes, memory }: Observation): void {
    const inMiB = (pid: number): number => Math.round(((memory.get(pid)?.anonymousBytes ?? 0) / MIB) * 10) / 10;
    const vfs = processes.filter(({ role }) => role === 'vf').map(({ pid }) => inMiB(pid));
    this.rows.push({ minute: Math.round(minute * 10) / 10, daemonPid: host.pid, daemonMiB: inMiB(host.pid), vfMiBMax: Math.max(0, ...vfs), vfCount: vfs.length });
  }
}

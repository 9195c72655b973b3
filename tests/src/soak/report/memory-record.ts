import type { Observation } from '../seen/observation.ts';

/** Memory at a rest, MiB: what belongs to no file. */
export interface MemoryRow {
  readonly minute: number;
  readonly when: string;
  readonly daemonPid: number;
  readonly daemonMiB: number;
  /** Of VFs with guests, and of those that wait. */
  readonly vfMiBMax: number;
  readonly vfCount: number;
  /** Of all guests, by their accounts. */
  readonly vramMiB: number;
}

const MIB = 2 ** 20;

export class MemoryRecord {
  readonly rows: MemoryRow[] = [];
  readonly #startMs = performance.now();

  add(when: string, { host, processes, memory, guests }: Observation): void {
    const of = (pid: number): number => mebibytes(memory.get(pid)?.anonymousBytes ?? 0);
    const vfs = processes.filter(({ role }) => role === 'vf').map(({ pid }) => of(pid));
    this.rows.push({
      minute: Math.round((performance.now() - this.#startMs) / 6_000) / 10,
      when,
      daemonPid: host.pid,
      daemonMiB: of(host.pid),
      vfMiBMax: Math.max(0, ...vfs),
      vfCount: vfs.length,
      vramMiB: mebibytes(guests.reduce((sum, { account }) => sum + account.vramBytes, 0)),
    });
  }
}

function mebibytes(bytes: number): number {
  return Math.round((bytes / MIB) * 10) / 10;
}

/** What the kernel tells of processes. */
import { readFileSync, readdirSync } from 'node:fs';

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process has ended.
    return '';
  }
}

/** Nanoseconds on a processor, all threads: clock ticks are too coarse for an idle process. */
export function cpuNs(pid: number): number {
  const threads = threadsOf(pid);
  return threads.reduce((sum, thread) => sum + Number(textOf(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0]), 0);
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Nanoseconds that all processors have worked, for anybody, since the machine is up; what its own host took from it counts as well. */
export function machineBusyNs(): number {
  const [user, nice, system, , , irq, softirq, steal] = (/^cpu +(.*)$/m.exec(textOf('/proc/stat'))?.[1] ?? '').split(' ').map(Number);
  // Ticks of 1/100 s on every Linux that Node runs on.
  return [user, nice, system, irq, softirq, steal].reduce<number>((sum, ticks) => sum + (ticks ?? 0), 0) * 1e7;
}

/** Proportional set size. */
export function pssBytes(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
}

/** The VF process of this program's own context: its host, started by this process, may hold others ready, which have done less. */
export function ownVf(): number | undefined {
  const vfs = descendants(process.pid).filter((pid) => /\/vf\/dist\/main\.c?js/.test(textOf(`/proc/${pid}/cmdline`)));
  return vfs.sort((a, b) => cpuNs(b) - cpuNs(a))[0];
}

/** All processes that a process has started, and that they have started. */
export function descendants(root: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  // The command in parentheses may hold spaces; what follows is: state, parent, …
  const parents = new Map(pids.map((pid) => [pid, Number(textOf(`/proc/${pid}/stat`).replace(/^.*\) /s, '').split(' ')[1])]));
  const belongs = (pid: number): boolean => {
    for (let at = parents.get(pid); at !== undefined && at > 1; at = parents.get(at)) if (at === root) return true;
    return false;
  };
  return pids.filter(belongs);
}

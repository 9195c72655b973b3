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
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => sum + Number(textOf(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0]), 0);
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

function descendants(root: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  // The command in parentheses may hold spaces; what follows is: state, parent, …
  const parents = new Map(pids.map((pid) => [pid, Number(textOf(`/proc/${pid}/stat`).replace(/^.*\) /s, '').split(' ')[1])]));
  const belongs = (pid: number): boolean => {
    for (let at = parents.get(pid); at !== undefined && at > 1; at = parents.get(at)) if (at === root) return true;
    return false;
  };
  return pids.filter(belongs);
}

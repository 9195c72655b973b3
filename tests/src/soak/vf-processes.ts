/** The VF processes of hosts on this machine, and their memory, as the kernel tells. */
import { readdirSync, readFileSync } from 'node:fs';

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process has ended.
    return '';
  }
}

function processIds(): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
}

function parentOf(pid: number): number {
  // The command in parentheses may hold spaces; what follows is: state, parent, …
  return Number(textOf(`/proc/${pid}/stat`).replace(/^.*\) /s, '').split(' ')[1]);
}

/** Every descendant of `root`. */
export function descendants(root: number): number[] {
  const parents = new Map(processIds().map((pid) => [pid, parentOf(pid)]));
  const belongs = (pid: number): boolean => {
    for (let at = parents.get(pid); at !== undefined && at > 1; at = parents.get(at)) if (at === root) return true;
    return false;
  };
  return [...parents.keys()].filter(belongs);
}

export function vfProcesses(root = process.pid): number[] {
  return descendants(root).filter((pid) => /\/vf\/dist\/main\.c?js/.test(textOf(`/proc/${pid}/cmdline`)));
}

/** Proportional set size, bytes: shared pages count by their share. */
export function pssBytes(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
}

/** Processor time used so far, milliseconds (clock ticks of 10 ms). */
export function cpuMs(pid: number): number {
  const fields = textOf(`/proc/${pid}/stat`).replace(/^.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Open descriptors of a process. */
export function descriptorCount(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

import { readFileSync, readdirSync } from 'node:fs';

/** A part of a process's address space that shows a file, as /proc/PID/maps has it. */
export interface MappedRegion {
  readonly path: string;
  /** With the device, what a file is to the kernel; all mappings of one memfd have the same. */
  readonly file: string;
  /** What one process writes there, the others read. */
  readonly shared: boolean;
}

/** Empty for a process that is gone. */
export function mappedRegionsOf(pid: number): readonly MappedRegion[] {
  return parseMaps(readProc(pid, 'maps'));
}

export function parseMaps(text: string): readonly MappedRegion[] {
  const regions: MappedRegion[] = [];
  for (const line of text.split('\n')) {
    const fields = /^[0-9a-f]+-[0-9a-f]+ (\S{4}) [0-9a-f]+ (\S+) (\d+) +(\S.*)$/.exec(line);
    if (fields === null) continue;
    const [, permissions = '', device, inode, path = ''] = fields;
    regions.push({ path, file: `${device}/${inode}`, shared: permissions.endsWith('s') });
  }
  return regions;
}

/** Private memory counts whole, shared memory divided by those who share it. Null for a process that is gone. */
export function proportionalBytesOf(pid: number): number | null {
  return kilobytesIn(readProc(pid, 'smaps_rollup'), 'Pss');
}

/** The most memory that the process ever had at once, as the kernel noted it. Null for a process that is gone. */
export function residentBytesPeakOf(pid: number): number | null {
  return kilobytesIn(readProc(pid, 'status'), 'VmHWM');
}

function kilobytesIn(text: string, name: string): number | null {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text);
  return found === null ? null : Number(found[1]) * 1024;
}

export function childrenOf(parentPid: number): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && statOf(pid)?.parentPid === parentPid);
}

/** False for a zombie as well: nothing is left of it but a line in its parent's books. */
export function isRunning(pid: number): boolean {
  const state = statOf(pid)?.state;
  return state !== undefined && state !== 'Z' && state !== 'X';
}

function statOf(pid: number): { readonly state: string; readonly parentPid: number } | null {
  // The command's name stands in brackets and may hold anything, so the fields are counted from its end.
  const fields = /\) (\S) (\d+) [^)]*$/.exec(readProc(pid, 'stat'));
  return fields === null ? null : { state: fields[1] as string, parentPid: Number(fields[2]) };
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

import { readFileSync, readdirSync } from 'node:fs';

export type ProcessRole = 'daemon' | 'vf' | 'guest' | 'other';

export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  readonly role: ProcessRole;
  /** A zombie: it has ended, and its parent has not taken note of it. */
  readonly isZombie: boolean;
  readonly command: string;
  /** Apertures that it maps; pages of partitions do not count. */
  readonly apertureCount: number;
}

/** By what they run, bundled or not. What is none of these is a helper of one step, and must be gone at rest. */
const ROLES: readonly (readonly [ProcessRole, RegExp])[] = [
  ['daemon', /\/daemon\/dist\/main\.c?js\0/],
  ['vf', /\/vf\/dist\/main\.c?js\0/],
  ['guest', /\/soak\/guest\/main\.js\0/],
];
/** Its inode is the file's own. */
const APERTURE = /^\S+ \S+ \S+ \S+ (\d+) +\/memfd:gpup-aperture/gm;

/** The processes that belong to a soak: whose surroundings name its directory, and whatever the daemon has not taken note of. */
export function processesOf(directory: string, daemonPid: number): readonly SeenProcess[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .flatMap((pid) => seen(pid, directory, daemonPid));
}

function seen(pid: number, directory: string, daemonPid: number): readonly SeenProcess[] {
  const [, state = '', parent = '0'] = /^\d+ \(.*\) (\S) (\d+) /s.exec(textOf(pid, 'stat')) ?? [];
  const isZombie = state === 'Z';
  const isOurs = isZombie ? Number(parent) === daemonPid : textOf(pid, 'environ').includes(directory);
  if (!isOurs) return [];
  const command = textOf(pid, 'cmdline');
  const role = ROLES.find(([, program]) => program.test(command))?.[0] ?? 'other';
  return [{ pid, parent: Number(parent), role, isZombie, command: command.replaceAll('\0', ' ').trim(), apertureCount: aperturesOf(pid) }];
}

function aperturesOf(pid: number): number {
  return new Set([...textOf(pid, 'maps').matchAll(APERTURE)].map(([, inode]) => inode)).size;
}

function textOf(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

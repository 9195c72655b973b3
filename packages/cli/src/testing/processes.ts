import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { mappedFilesOf } from '@gpup/os';

export const DRIVERS = /dawn\.node|libvulkan|swiftshader|vulkan_icd|libGLX_nvidia|libnvidia/;
export const APERTURE = /memfd:gpup/;

export function pathsMappedBy(pid: number): string {
  return mappedFilesOf(pid).map(({ path }) => path).join('\n');
}

/** Of a VF process: it is confined once it is warm, by a filter more than it has of its host, and has the aperture of its guest later. */
export function isWarmWithoutGuest(pid: number): boolean {
  return filterCountOf(pid) > filterCountOf(statusNumber(pid, 'PPid')) && !APERTURE.test(pathsMappedBy(pid));
}

function filterCountOf(pid: number): number {
  return statusNumber(pid, 'Seccomp_filters');
}

/** 0: the process is not there, or says nothing of it. */
function statusNumber(pid: number, field: string): number {
  return Number(new RegExp(`^${field}:\\s*(\\d+)$`, 'm').exec(readProc(pid, 'status'))?.[1] ?? 0);
}

/** This folder's place in dist, from which the packages are found. */
const PACKAGES = fileURLToPath(new URL('../../../', import.meta.url));

export const CLI_MAIN_PATH = `${PACKAGES}cli/dist/main.js`;
export const GUEST_PROGRAM_PATH = fileURLToPath(new URL('./guest-program.js', import.meta.url));

export const ROLES = ['cli', 'host', 'vf', 'guest'] as const;
export type Role = (typeof ROLES)[number];

/** What each role runs, bundled or not. The command line of `gpup run` names the guest's program too, so it comes first. */
const PROGRAMS: readonly (readonly [Role, string])[] = [
  ['cli', CLI_MAIN_PATH],
  ['host', `${PACKAGES}pf/dist/main.js`],
  ['host', `${PACKAGES}pf/dist/main.cjs`],
  ['vf', `${PACKAGES}vf/dist/main.js`],
  ['vf', `${PACKAGES}vf/dist/main.cjs`],
  ['guest', GUEST_PROGRAM_PATH],
];

/**
 * The processes that were started with this runtime directory, or below it. VF processes have nearly
 * nothing in their environment, but their host's private directory is in it.
 */
export function processesIn(runtimeDirectory: string): ReadonlyMap<number, Role> {
  const found = new Map<number, Role>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || !readProc(pid, 'environ').includes(`XDG_RUNTIME_DIR=${runtimeDirectory}`)) continue;
    const words = readProc(pid, 'cmdline').split('\0');
    const role = PROGRAMS.find(([, path]) => words.includes(path))?.[0];
    if (role !== undefined) found.set(pid, role);
  }
  return found;
}

/** Also false for a zombie: nothing of it is left but a line in its parent's books. */
export function isRunning(pid: number): boolean {
  const stat = readProc(pid, 'stat');
  return stat !== '' && !/^\d+ \(.*\) [ZX]/s.test(stat);
}

export function isStopped(pid: number): boolean {
  return /^\d+ \(.*\) T/s.test(readProc(pid, 'stat'));
}

/** What each descriptor of a process refers to. */
export function descriptorsOf(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return 'closed';
    }
  });
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

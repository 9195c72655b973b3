import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Measure, type MeasureState, inForce, missing } from '../measures.ts';
import { type GroupLimits, outOfMemoryCount, settingsOf } from './controller-files.ts';
import { CONTROLLERS, type Controller, type OwnGroup, ownGroups } from './own-groups.ts';

const MEASURE_OF: Readonly<Record<Controller, Measure>> = { memory: 'memory-limit', cpu: 'processor-limit', pids: 'process-limit' };
/** Where this process goes, in version 2, so that its group may have others inside. */
const LEAF = 'gpup-host';

interface Branch {
  readonly controller: Controller;
  readonly version: 1 | 2;
  /** Of this host; the groups of its VFs are inside. */
  readonly path: string;
}

export interface GroupTreeOptions {
  /** One folder name, of the host; those of hosts that are gone are others'. */
  readonly name: string;
  /** For tests. */
  readonly groups?: ReadonlyMap<Controller, OwnGroup>;
  readonly pid?: number;
}

/**
 * The control groups of one host's VF processes: a group for each process, inside of a group of the host's, inside of the
 * group that the host itself was started in. So whoever has put the host into a group of some size has put its VFs there.
 */
export class GroupTree {
  readonly #branches: readonly Branch[];
  /** What is in force, and what is not and why. */
  readonly states: readonly MeasureState[];

  private constructor(branches: readonly Branch[], states: readonly MeasureState[]) {
    this.#branches = branches;
    this.states = states;
  }

  /** Makes the host's groups, as far as it may. */
  static open({ name, groups = groupsOfThisProcess(), pid = process.pid }: GroupTreeOptions): GroupTree {
    const branches: Branch[] = [];
    const states = CONTROLLERS.map((controller): MeasureState => {
      const own = groups.get(controller);
      if (own === undefined) return missing(MEASURE_OF[controller], `no control groups with ${controller} are mounted`);
      try {
        branches.push({ controller, version: own.version, path: openBranch(controller, own, { name, pid }) });
        return inForce(MEASURE_OF[controller], `control groups, version ${own.version}`);
      } catch (error) {
        return missing(MEASURE_OF[controller], `control groups, version ${own.version}: ${(error as Error).message}`);
      }
    });
    return new GroupTree(branches, states);
  }

  /** A group of this name for a VF process, with the process in it when the promise resolves. */
  place(pid: number, name: string, limits: GroupLimits): Placement {
    return placeIn(this.#branches.map((branch) => ({ ...branch, path: join(branch.path, name) })), pid, limits);
  }

  /**
   * The group of a VF that a host before has placed, wherever that one stood itself. What the process is not in, as that host
   * had no groups, or somebody has moved it, it is put into, with these limits.
   */
  adopt(pid: number, name: string, limits: GroupLimits): Placement {
    const groups = groupsOf(pid);
    const found = CONTROLLERS.flatMap((controller): Branch[] => {
      const own = groups.get(controller);
      return own?.path.endsWith(`/${name}`) === true && hasController(own, controller) ? [{ controller, version: own.version, path: own.path }] : [];
    });
    const isIn = (branches: readonly Branch[], { controller }: Branch): boolean => branches.some((each) => each.controller === controller);
    // In version 2 all of them are one group: where it lacks one the process leaves it.
    const leavesUnified = this.#branches.some((branch) => branch.version === 2 && !isIn(found, branch));
    const kept = found.filter(({ version }) => version === 1 || !leavesUnified);
    const lacking = this.#branches.filter((branch) => !isIn(kept, branch));
    const { group, placed } = placeIn(lacking.map((branch) => ({ ...branch, path: join(branch.path, name) })), pid, limits);
    return { group: new VfGroup([...kept, ...group.folders]), placed };
  }

  /** Removes what hosts have left, of whose groups `isGone` says so by their names. Groups with processes stay. */
  sweepHosts(isGone: (name: string) => boolean): void {
    const parents = new Set(this.#branches.map(({ path }) => dirname(path)));
    for (const parent of parents) for (const name of foldersIn(parent).filter(isGone)) removeHost(join(parent, name));
  }

  /** When this host ends. Groups of VFs that go on stay. */
  close(): void {
    for (const { path } of this.#branches) removeHost(path);
  }
}

export interface Placement {
  readonly group: VfGroup;
  /** Resolves when the process is in it. */
  readonly placed: Promise<void>;
}

/** The group of one VF process, over all controllers that there are. */
export class VfGroup {
  readonly folders: readonly Branch[];

  constructor(folders: readonly Branch[]) {
    this.folders = folders;
  }

  /** Throws where a limit is not taken: one below what is in use, above all. */
  limit(limits: GroupLimits): void {
    for (const { controller, version, path } of this.folders) {
      for (const { file, value, isOptional } of settingsOf(controller, version, limits)) {
        if (isOptional !== true || existsSync(join(path, file))) writeFileSync(join(path, file), value);
      }
    }
  }

  /** Whether the kernel has ended a process for the memory of this group. */
  get hasRunOut(): boolean {
    return this.#count('memory', outOfMemoryCount) > 0;
  }

  /** How often its processes have had to wait for the limit of processors. */
  get throttledCount(): number {
    return this.#count('cpu', () => ({ file: 'cpu.stat', pattern: /^nr_throttled (\d+)$/m }));
  }

  #count(controller: Controller, where: (version: 1 | 2) => { readonly file: string; readonly pattern: RegExp }): number {
    const folder = this.folders.find((each) => each.controller === controller);
    if (folder === undefined) return 0;
    const { file, pattern } = where(folder.version);
    try {
      return Number(pattern.exec(readFileSync(join(folder.path, file), 'latin1'))?.[1] ?? 0);
    } catch {
      return 0;
    }
  }

  /** Where its last process is not wholly gone yet, the next host removes it. */
  remove(): void {
    for (const { path } of this.folders) removeFolder(path);
  }
}

function placeIn(folders: readonly Branch[], pid: number, limits: GroupLimits): Placement {
  for (const { path } of folders) mkdirSync(path, { recursive: true });
  const group = new VfGroup(folders);
  group.limit(limits);
  // Not at once: the kernel may take ten milliseconds for the first one after a while.
  const moves = folders.map(({ path }) => writeFile(join(path, 'cgroup.procs'), String(pid)));
  return { group, placed: Promise.all(moves).then(() => {}) };
}

/** A group of version 2 has files of those controllers only that the one around it gives to it. */
function hasController({ version, path }: OwnGroup, controller: Controller): boolean {
  return version === 1 || wordsIn(join(path, 'cgroup.controllers')).includes(controller);
}

function groupsOfThisProcess(): ReadonlyMap<Controller, OwnGroup> {
  return groupsOf('self');
}

function groupsOf(process: number | 'self'): ReadonlyMap<Controller, OwnGroup> {
  try {
    return ownGroups(readFileSync(`/proc/${process}/cgroup`, 'utf8'), readFileSync('/proc/self/mountinfo', 'utf8'));
  } catch {
    return new Map();
  }
}

function openBranch(controller: Controller, { version, path }: OwnGroup, { name, pid }: { readonly name: string; readonly pid: number }): string {
  // A host that was started by one which had made room for itself.
  const own = version === 2 && path.endsWith(`/${LEAF}`) ? dirname(path) : path;
  if (version === 2) delegate(controller, own, pid);
  const branch = join(own, name);
  mkdirSync(branch, { recursive: true });
  if (version === 2) enable(controller, branch);
  return branch;
}

/** In version 2 a group has processes or groups with limits, never both: this process goes into a group of its own. */
function delegate(controller: Controller, own: string, pid: number): void {
  if (isEnabled(controller, own)) return;
  if (!wordsIn(join(own, 'cgroup.controllers')).includes(controller)) throw new Error(`${controller} is not given to ${own}`);
  // The root of all groups may have both.
  if (existsSync(join(own, 'cgroup.type'))) makeRoom(own, pid);
  enable(controller, own);
}

function makeRoom(own: string, pid: number): void {
  const processes = wordsIn(join(own, 'cgroup.procs'));
  if (processes.some((each) => each !== String(pid))) throw new Error(`${own} has other processes; start the host in a group of its own (docs/hardening.md)`);
  if (processes.length === 0) return;
  // Its group would have groups of VFs that outlive the host, and then no place for the next one.
  if (own.endsWith('.service')) throw new Error(`${own} is a service's own; give it DelegateSubgroup=${LEAF} (systemd 254 on)`);
  mkdirSync(join(own, LEAF), { recursive: true });
  writeFileSync(join(own, LEAF, 'cgroup.procs'), String(pid));
}

function isEnabled(controller: Controller, path: string): boolean {
  return wordsIn(join(path, 'cgroup.subtree_control')).includes(controller);
}

function enable(controller: Controller, path: string): void {
  if (!isEnabled(controller, path)) writeFileSync(join(path, 'cgroup.subtree_control'), `+${controller}`);
}

function wordsIn(path: string): readonly string[] {
  return readFileSync(path, 'latin1').split(/\s+/).filter((word) => word !== '');
}

function foldersIn(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return [];
  }
}

function removeHost(path: string): void {
  for (const name of foldersIn(path)) removeFolder(join(path, name));
  removeFolder(path);
}

function removeFolder(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // It has processes still, or is gone.
  }
}

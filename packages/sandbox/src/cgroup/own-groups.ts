/** Where this process stands in the machine's control groups, of both versions: what /proc says, made into paths. */

export const CONTROLLERS = ['memory', 'cpu', 'pids'] as const;
export type Controller = (typeof CONTROLLERS)[number];

export interface OwnGroup {
  readonly version: 1 | 2;
  /** This process's own group, as a folder of the mounted file system. */
  readonly path: string;
}

/** From /proc/self/cgroup and /proc/self/mountinfo. A controller that is nowhere mounted is missing. */
export function ownGroups(cgroupText: string, mountsText: string): ReadonlyMap<Controller, OwnGroup> {
  const mounts = mountsOf(mountsText);
  const found = new Map<Controller, OwnGroup>();
  for (const line of cgroupText.split('\n')) {
    const [hierarchy, names, ...rest] = line.split(':');
    const path = rest.join(':');
    if (hierarchy === undefined || names === undefined || path === '') continue;
    if (hierarchy === '0' && names === '') addUnified(found, mounts, path);
    else for (const name of names.split(',')) addLegacy(found, mounts, name, path);
  }
  return found;
}

/** A controller is in the one hierarchy or in the other: what an own one of version 1 has, version 2 has not. */
function addUnified(found: Map<Controller, OwnGroup>, mounts: readonly Mount[], path: string): void {
  const mount = mounts.find(({ type }) => type === 'cgroup2');
  const folder = mount === undefined ? null : folderOf(mount, path);
  if (folder === null) return;
  for (const controller of CONTROLLERS) if (!found.has(controller)) found.set(controller, { version: 2, path: folder });
}

function addLegacy(found: Map<Controller, OwnGroup>, mounts: readonly Mount[], name: string, path: string): void {
  const controller = CONTROLLERS.find((each) => each === name);
  const mount = mounts.find(({ type, options }) => type === 'cgroup' && options.includes(name));
  const folder = mount === undefined ? null : folderOf(mount, path);
  if (controller !== undefined && folder !== null) found.set(controller, { version: 1, path: folder });
}

interface Mount {
  readonly root: string;
  readonly place: string;
  readonly type: string;
  readonly options: readonly string[];
}

function mountsOf(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    // … ID PARENT DEVICE ROOT PLACE OPTIONS [TAGS] - TYPE SOURCE OPTIONS
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root, place] = before.split(' ');
    const [type, , options = ''] = after.split(' ');
    return root === undefined || place === undefined || type === undefined ? [] : [{ root, place, type, options: options.split(',') }];
  });
}

/** In a container the mount may show a part of the hierarchy only, or a path from another's view. Null: ours is not in it. */
function folderOf({ root, place }: Mount, path: string): string | null {
  if (path.includes('/..')) return null;
  if (root === '/') return join(place, path);
  if (path === root) return place;
  return path.startsWith(`${root}/`) ? join(place, path.slice(root.length)) : null;
}

function join(place: string, path: string): string {
  return path === '/' ? place : `${place}${path}`;
}

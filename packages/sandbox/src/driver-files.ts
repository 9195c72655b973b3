import { readdirSync } from 'node:fs';
import type { FileRule } from './landlock.ts';

/** Where drivers, loaders and their settings lie. */
const SYSTEM: readonly string[] = ['/usr', '/lib', '/lib64', '/opt', '/etc', '/sys', '/proc/self', '/proc/driver', '/proc/cpuinfo', '/proc/meminfo', '/proc/devices', '/proc/sys', '/nix/store', '/run/opengl-driver'];
/** Of the Vulkan loader: lists of files or folders. */
const VARIABLES: readonly string[] = ['LD_LIBRARY_PATH', 'VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'VK_ADD_DRIVER_FILES'];
const DEVICES = /^(nvidia|dri$|kfd$|dxg$|mali|null$|zero$|random$|urandom$)/;

/** What a hardware driver may open once its VF has a guest. Not measured on hardware. */
export function driverFiles(environment: NodeJS.ProcessEnv): readonly FileRule[] {
  const named = VARIABLES.flatMap((name) => (environment[name] ?? '').split(':')).filter((path) => path.startsWith('/'));
  const devices = readdirSync('/dev').filter((name) => DEVICES.test(name));
  return [
    ...[...SYSTEM, ...named].map((path): FileRule => ({ path, access: 'read' })),
    ...devices.map((name): FileRule => ({ path: `/dev/${name}`, access: 'device' })),
  ];
}

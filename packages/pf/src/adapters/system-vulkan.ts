import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What this machine has of Vulkan, by looking at files alone: no driver is loaded for it. */
export interface SystemVulkan {
  readonly hasLoader: boolean;
  readonly hasDriver: boolean;
  /** The user named the drivers to use, so that a CPU one among them is meant. */
  readonly driversNamed: boolean;
}

/** Where the Vulkan loader looks for driver manifests (LoaderDriverInterface.md, "Linux Driver Discovery"). */
function manifestDirectories(environment: NodeJS.ProcessEnv): readonly string[] {
  const home = environment['HOME'] || homedir();
  const configuration = [environment['XDG_CONFIG_HOME'] || join(home, '.config'), ...listed(environment['XDG_CONFIG_DIRS'], '/etc/xdg')];
  const data = [environment['XDG_DATA_HOME'] || join(home, '.local/share'), ...listed(environment['XDG_DATA_DIRS'], '/usr/local/share:/usr/share')];
  return [...configuration, '/etc', ...data].map((directory) => join(directory, 'vulkan/icd.d'));
}

function libraryDirectories(environment: NodeJS.ProcessEnv): readonly string[] {
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  const system = ['/lib', '/usr/lib', '/usr/local/lib'];
  return [
    ...listed(environment['LD_LIBRARY_PATH'], ''),
    ...system.flatMap((directory) => [directory, `${directory}64`, join(directory, triplet)]),
  ];
}

export function findSystemVulkan(environment: NodeJS.ProcessEnv = process.env): SystemVulkan {
  const named = environment['VK_DRIVER_FILES'] || environment['VK_ICD_FILENAMES'] || environment['VK_ADD_DRIVER_FILES'];
  return {
    hasLoader: libraryDirectories(environment).some((directory) => existsSync(join(directory, 'libvulkan.so.1'))),
    hasDriver: Boolean(named) || manifestDirectories(environment).some(hasManifest),
    driversNamed: Boolean(named),
  };
}

function hasManifest(directory: string): boolean {
  try {
    return readdirSync(directory).some((name) => name.endsWith('.json'));
  } catch {
    return false;
  }
}

function listed(value: string | undefined, fallback: string): readonly string[] {
  return (value || fallback).split(':').filter((path) => path !== '');
}

/**
 * The environments of VF processes. They begin empty: what a guest's user exported for their own
 * programs (NODE_OPTIONS above all) has no business in a process that holds the GPU.
 */
import type { SoftwareGpu } from './software.ts';

/** What GPU drivers and loaders read. */
const DRIVER_VARIABLES = new Set([
  'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CONFIG_DIRS', 'XDG_DATA_DIRS',
  'XDG_RUNTIME_DIR', 'LD_LIBRARY_PATH', 'DISPLAY', 'WAYLAND_DISPLAY', 'DRI_PRIME', 'CUDA_VISIBLE_DEVICES', 'WSL_DISTRO_NAME',
]);
const DRIVER_PREFIXES = ['VK_', 'MESA_', 'RADV_', 'ANV_', 'INTEL_', 'AMD_', 'NVIDIA_', '__NV_', '__GL_', 'NVK_', 'ZINK_', 'LP_'];

/** With the machine's own drivers. A missing loader is lent from the software GPU's files, if there are any. */
export function hardwareEnvironment(own: NodeJS.ProcessEnv, loaderDirectory: string | null): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value === undefined) continue;
    if (DRIVER_VARIABLES.has(name) || DRIVER_PREFIXES.some((prefix) => name.startsWith(prefix))) environment[name] = value;
  }
  if (loaderDirectory !== null) {
    environment['LD_LIBRARY_PATH'] = [environment['LD_LIBRARY_PATH'], loaderDirectory].filter(Boolean).join(':');
  }
  return environment;
}

/** With the bundled software GPU and nothing else. Its loader is newer than many a system's. */
export function softwareEnvironment(gpu: SoftwareGpu): Record<string, string> {
  return {
    VK_DRIVER_FILES: gpu.icdPath,
    // Older loaders know only this name.
    VK_ICD_FILENAMES: gpu.icdPath,
    // No layer of the user's is meant for these processes.
    VK_LOADER_LAYERS_DISABLE: '~all~',
    LD_LIBRARY_PATH: gpu.directory,
  };
}

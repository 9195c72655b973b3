import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../backend.ts';
import { loadDawn, openGpu } from '../boot/dawn.ts';
import { dawnBackend } from '../dawn-backend.ts';
import type { ExecutorChoice } from '../direct/index.ts';
import { VfLoop } from '../boot/vf-loop.ts';
import type { TimestampClass } from '../timestamps.ts';

/** A folder with SwiftShader's driver, its manifest and a Vulkan loader. Unset: the bundled one. */
const DIRECTORY_VARIABLE = 'GPUP_TEST_SWIFTSHADER_DIR';

/** Dawn on SwiftShader in this process. Throws where there is none. */
export async function openTestGpu(executor?: ExecutorChoice, timestamps?: TimestampClass): Promise<Backend> {
  await usePackagedVulkan();
  const loop = new VfLoop();
  loop.takeTicks();
  const dawn = await loadDawn(executor);
  const gpu = openGpu(dawn, [], timestamps);
  return dawnBackend({ gpu, hurry: () => loop.hurry(), expect: (quietMs) => loop.expect(quietMs), compact: dawn.compact });
}

/** A library is unloaded when its object is collected. */
const pinned: unknown[] = [];

/**
 * The dynamic linker has read LD_LIBRARY_PATH before a test can set it. A loader that is loaded by its
 * path is found by its name from then on.
 */
async function usePackagedVulkan(): Promise<void> {
  const environment = await environmentOfSoftwareGpu();
  Object.assign(process.env, environment);
  const loader = join(environment['LD_LIBRARY_PATH'] as string, 'libvulkan.so.1');
  const koffiName: string = 'koffi';
  const { default: koffi } = (await import(koffiName)) as { default: { load(path: string, options: { global: boolean }): unknown } };
  pinned.push(koffi.load(loader, { global: true }));
}

/** That a VF process on it has. */
export async function environmentOfSoftwareGpu(): Promise<Record<string, string>> {
  const directory = process.env[DIRECTORY_VARIABLE];
  if (directory !== undefined && existsSync(directory)) {
    return { VK_DRIVER_FILES: join(directory, 'vk_swiftshader_icd.json'), LD_LIBRARY_PATH: directory };
  }
  // By name at run time: the package that unpacks it depends on this one.
  const pfName: string = '@gpup/pf';
  const { softwareAdapters } = (await import(pfName)) as { softwareAdapters(): Promise<{ environment: Record<string, string> }> };
  return (await softwareAdapters()).environment;
}

import { readFile } from 'node:fs/promises';
import { assetPath } from './assets.ts';
import { type Provider, loadProvider } from './provider.ts';
import { WORKLOADS } from './workloads/index.ts';
import { type OpenWorkload, measureChecked, openWorkload } from './workloads/open.ts';
import { PROCESS_WORKLOADS } from './workloads/process-workloads.ts';

/** Opens a workload in this process, which is given to it alone: for the bench's workers and for the profiler. */
export async function openProgram(provider: Provider, name: string): Promise<OpenWorkload> {
  const module = await loadProvider(provider);
  for (const [key, value] of Object.entries(module.globals)) Object.defineProperty(globalThis, key, { value, configurable: true, writable: true });
  const ofProcess = PROCESS_WORKLOADS.find((each) => each.name === name);
  if (ofProcess !== undefined) {
    const prepared = await ofProcess.prepare({ module });
    return { adapter: '', measure: (scale) => measureChecked(prepared, scale), kept: [prepared] };
  }
  const workload = WORKLOADS.find((each) => each.name === name);
  if (workload === undefined) throw new Error(`The workload (${name}) is unknown.`);
  const gpu = module.create([]);
  installNavigator(gpu);
  return openWorkload(workload, gpu, (key) => readFile(assetPath(key)));
}

/** Libraries look for `navigator.gpu`. Node has a navigator of its own from version 21 on. */
function installNavigator(gpu: GPU): void {
  const navigator = (globalThis as { navigator?: object }).navigator ?? { userAgent: 'Node.js', hardwareConcurrency: 1 };
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true, writable: true });
}

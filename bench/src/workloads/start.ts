import type { ProcessWorkload } from './process-workload.ts';
import { Counter } from './dispatch.ts';

/** From `create` to the first dispatch whose result has been read and is right. The guest's process is up, with its driver loaded. */
function start(name: string, host: 'none' | 'warm'): ProcessWorkload {
  return {
    name,
    unit: 'ms',
    better: 'lower',
    isGpuBound: false,
    host,
    isConcurrent: false,
    samplesPerProcess: 1,
    async prepare({ module }) {
      const kept: unknown[] = [];
      let counter: Counter | undefined;
      return {
        kept,
        async measure() {
          const startMs = performance.now();
          const gpu = module.create([]);
          const adapter = await gpu.requestAdapter();
          counter = new Counter((await adapter?.requestDevice()) as GPUDevice);
          counter.submit(1);
          await counter.verify();
          const elapsedMs = performance.now() - startMs;
          kept.push(gpu, adapter);
          return elapsedMs;
        },
        verify: async () => counter?.verify(),
      };
    },
  };
}

/** Nothing runs yet: the host process starts as well. */
export const startCold = start('start_to_first_dispatch_cold', 'none');
/** A host process is up and has had time to get ready for its next guest. */
export const startPool = start('start_to_first_dispatch_pool', 'warm');

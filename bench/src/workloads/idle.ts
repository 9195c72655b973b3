import { setTimeout as sleep } from 'node:timers/promises';
import { cpuNs, ownVf, pssBytes } from '../processes.ts';
import { Counter } from './dispatch.ts';
import type { ProcessWorkload } from './process-workload.ts';

/** V8 goes on collecting and compiling for some seconds after the last work; that is not idling. */
const SETTLE_MS = 10_000;
const WINDOW_MS = 2_000;

interface Footprint {
  /** The program's process and its VF's, if it has one. */
  readonly pids: readonly number[];
  /** The process that holds the GPU: the VF, or the program itself. */
  readonly gpuPid: number;
}

function idle(name: string, unit: string, measure: (footprint: Footprint) => Promise<number>): ProcessWorkload {
  return {
    name,
    unit,
    better: 'lower',
    isGpuBound: false,
    host: 'none',
    isConcurrent: true,
    samplesPerProcess: Number.POSITIVE_INFINITY,
    async prepare({ module }) {
      const gpu = module.create([]);
      const adapter = await gpu.requestAdapter();
      const counter = new Counter((await adapter?.requestDevice()) as GPUDevice);
      counter.submit(1);
      await counter.verify();
      const vf = ownVf();
      const footprint = vf === undefined ? { pids: [process.pid], gpuPid: process.pid } : { pids: [process.pid, vf], gpuPid: vf };
      await sleep(SETTLE_MS);
      return { measure: () => measure(footprint), verify: () => counter.verify(), kept: [gpu, adapter] };
    },
  };
}

/** Processor time of a program with an open device that does nothing, its VF's included. */
export const idleCpu = idle('idle_cpu', '% of a core', async ({ pids }) => {
  const used = (): number => pids.reduce((sum, pid) => sum + cpuNs(pid), 0);
  const [startNs, startMs] = [used(), performance.now()];
  await sleep(WINDOW_MS);
  return (used() - startNs) / ((performance.now() - startMs) * 1e4);
});

/** Memory of the process that holds the GPU; shared pages count by their share. */
export const idlePss = idle('idle_pss', 'MiB', async ({ gpuPid }) => pssBytes(gpuPid) / 2 ** 20);

import { idleCpu, idlePss } from './idle.ts';
import type { ProcessWorkload } from './process-workload.ts';
import { startCold, startPool } from './start.ts';

/** What is measured of whole processes, in the order of the table. */
export const PROCESS_WORKLOADS: readonly ProcessWorkload[] = [startCold, startPool, idleCpu, idlePss];

import type { WebGpuModule } from '../provider.ts';
import type { Prepared, Workload } from './workload.ts';

/** What is measured of a whole process and not of a device: it has no meaning in a page. */
export interface ProcessWorkload extends Omit<Workload, 'prepare'> {
  /** `warm`: a partition finds a host process that has been up for a while; `none`: it finds none. */
  readonly host: 'none' | 'warm';
  /** Measured at the same moment in all processes, because time has to pass and nobody is in anybody's way. */
  readonly isConcurrent: boolean;
  readonly samplesPerProcess: number;
  prepare(context: { readonly module: WebGpuModule }): Promise<Prepared>;
}

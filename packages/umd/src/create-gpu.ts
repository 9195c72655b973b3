/** The public face of the driver: a GPU object over a way to open links, and the global classes. */
import { ERROR_CLASSES } from './errors.ts';
import { type GPU, INTERFACES, wrapGPU } from './generated/interfaces.gen.ts';
import { GPUSupportedLimits } from './limits.ts';
import { Gpu, type GpuOptions } from './objects/gpu.ts';

/** What npm `webgpu` calls `globals`: every interface object and constant namespace of WebGPU. */
export const globals = { ...INTERFACES, ...ERROR_CLASSES, GPUSupportedLimits };

export interface GpuHandle {
  readonly gpu: GPU;
  /** Ends the context: the VF goes away, devices are lost. */
  close(): void;
}

export function createGpu(options: GpuOptions): GpuHandle {
  const impl = new Gpu(options);
  return { gpu: wrapGPU(impl), close: () => impl.close() };
}

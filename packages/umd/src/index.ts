export type { Platform, ReplayPolicy } from './context.ts';
export { createGpu, type GpuHandle, globals } from './create-gpu.ts';
export { callEscape, type HostDescription, hostOf } from './escape.ts';
export { EscapeError } from './escape-error.ts';
export { READ_PIXELS } from './external-image.ts';
export type { GpuOptions } from './objects/gpu.ts';
export { VirtualCanvas } from './virtual-canvas.ts';
export { WarmUp } from './warm-up.ts';

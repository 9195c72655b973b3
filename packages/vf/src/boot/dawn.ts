/// <reference types="@webgpu/types" />

/**
 * Opens npm `webgpu`. Imported by name at run time only: its type declarations need the DOM's, and
 * no process but a VF may ever load it.
 */
export interface DawnModule {
  create(flags: readonly string[]): GPU;
  readonly globals: Readonly<Record<string, unknown>>;
}

/** The backend we ask Dawn for on Linux, and the only one whose drivers a host process looks for. */
export const DAWN_BACKEND = 'vulkan';

export async function loadDawn(): Promise<DawnModule> {
  const name: string = 'webgpu';
  return (await import(name)) as DawnModule;
}

export function openGpu(dawn: DawnModule, flags: readonly string[]): GPU {
  return dawn.create([`backend=${DAWN_BACKEND}`, ...flags]);
}

import type { Platform } from '../context.ts';
import { type GpuHandle, createGpu } from '../create-gpu.ts';
import type { GPUAdapter, GPUDevice } from '../generated/interfaces.gen.ts';
import { ScriptedLink } from './scripted-link.ts';

export interface Opened extends GpuHandle {
  readonly link: ScriptedLink;
  readonly adapter: GPUAdapter;
  readonly device: GPUDevice;
}

/** A platform that never collects: what tests drop is released only if they say so. */
export const IDLE_PLATFORM: Platform = { defer: () => {}, collectGarbage: () => {} };

export function openGpu(link: ScriptedLink, platform: Platform = IDLE_PLATFORM): GpuHandle {
  return createGpu({ connect: async () => link, connectNow: () => link, platform });
}

export async function openDevice(platform: Platform = IDLE_PLATFORM): Promise<Opened> {
  const link = new ScriptedLink();
  const handle = openGpu(link, platform);
  const adapter = (await handle.gpu.requestAdapter()) as GPUAdapter;
  return { ...handle, link, adapter, device: await adapter.requestDevice() };
}

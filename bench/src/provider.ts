/** The implementations of WebGPU that are compared, each behind the face of npm `webgpu`. */
import { createRequire } from 'node:module';
import { PROVIDER_PATH } from '@gpup/guest';
import { tuneDawn } from './tuned-dawn.ts';

export const PROVIDERS = ['native', 'tuned', 'gpup'] as const;
/** npm `webgpu` as it comes; the same without its idle spin; a partition. */
export type Provider = (typeof PROVIDERS)[number];

export interface WebGpuModule {
  create(flags: readonly string[]): GPU;
  readonly globals: Record<string, unknown>;
}

/** Loads a provider's module. Its classes are not installed yet. */
export async function loadProvider(provider: Provider): Promise<WebGpuModule> {
  if (provider === 'gpup') return createRequire(import.meta.url)(PROVIDER_PATH) as WebGpuModule;
  const dawn = (await import('webgpu')) as unknown as WebGpuModule;
  if (provider === 'tuned') tuneDawn(dawn.globals);
  return dawn;
}

export function isProvider(name: string): name is Provider {
  return (PROVIDERS as readonly string[]).includes(name);
}

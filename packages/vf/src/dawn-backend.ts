import type { Backend } from './backend.ts';

/** The pinned version of npm `webgpu`; told to guests. */
const DAWN_VERSION = '0.6.2';

export interface DawnBackendOptions {
  /** What `create` of npm `webgpu` returned. */
  readonly gpu: GPU;
  /** Brings the implementation's next look at finished work forward. */
  readonly hurry?: () => void;
}

/** Dawn by its Node binding. Objects are freed by garbage collection only, which we must be able to force. */
export function dawnBackend({ gpu, hurry = () => {} }: DawnBackendOptions): Backend {
  return { name: 'dawn', version: DAWN_VERSION, gpu, collectGarbage: forcedCollection(), hurry };
}

/** `gc` is there when Node was started with --expose-gc. */
function forcedCollection(): (() => void) | null {
  const { gc } = globalThis as { gc?: (options?: { type: 'major' }) => void };
  return gc === undefined ? null : () => gc({ type: 'major' });
}

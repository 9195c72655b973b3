import { setImmediate } from 'node:timers';
import type { Backend, CompactCommands } from './backend.ts';

/** The pinned version of npm `webgpu`; told to guests. */
const DAWN_VERSION = '0.6.2';

export interface DawnBackendOptions {
  /** What `create` of npm `webgpu` returned. */
  readonly gpu: GPU;
  /** Brings the implementation's next look at finished work forward. */
  readonly hurry?: () => void;
  /** Puts it off for so long. */
  readonly expect?: (quietMs: number) => void;
  /** Of the module that `gpu` is of. */
  readonly compact?: CompactCommands | null;
}

/** Dawn by its Node binding. Objects are freed by garbage collection only, which we must be able to force. */
export function dawnBackend({ gpu, hurry = () => {}, expect = () => {}, compact = null }: DawnBackendOptions): Backend {
  return { name: 'dawn', version: DAWN_VERSION, gpu, collectGarbage: forcedCollection(), hurry, expect, compact };
}

/** `gc` is there when Node was started with --expose-gc. */
function forcedCollection(): Backend['collectGarbage'] {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) return null;
  return (collected) => {
    // Without options: given a type, V8 (11.3) collects in a way that leaves most of the wrappers.
    gc();
    // The binding drops what its wrappers held in tasks of their own.
    setImmediate(collected);
  };
}

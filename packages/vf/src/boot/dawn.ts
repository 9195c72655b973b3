/// <reference types="@webgpu/types" />

import { returnLargeBlocks } from '@gpup/os';
import { type TimestampClass, timestampFlag } from '../timestamps.ts';
import { type ChosenExecutor, chooseExecutor, decodeExecutorChoice, EXECUTOR_VARIABLE, type ExecutorChoice } from '../direct/index.ts';

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

/** Dawn takes memory for small objects by heaps of this size, and for each larger one what it needs. */
const DEVICE_MEMORY_BYTES = 4 * 2 ** 20;

const prepared = new Map<ExecutorChoice, PreparedDawn>();

/** Dawn, recording as the operator chose. */
export interface PreparedDawn extends DawnModule, ChosenExecutor {}

export async function loadDawn(choice: ExecutorChoice = decodeExecutorChoice(process.env[EXECUTOR_VARIABLE])): Promise<PreparedDawn> {
  // A software GPU's video memory is malloc's: what a guest frees must be free, or its budget would say nothing of the machine's memory.
  returnLargeBlocks(DEVICE_MEMORY_BYTES);
  const name: string = 'webgpu';
  const { create, globals } = (await import(name)) as DawnModule;
  let dawn = prepared.get(choice);
  if (dawn === undefined) {
    dawn = { create, globals, ...chooseExecutor(globals, choice) };
    prepared.set(choice, dawn);
  }
  return dawn;
}

export function openGpu(dawn: DawnModule, flags: readonly string[], timestamps: TimestampClass = 'coarse'): GPU {
  return dawn.create([`backend=${DAWN_BACKEND}`, timestampFlag(timestamps), ...flags]);
}

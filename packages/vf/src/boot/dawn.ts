/// <reference types="@webgpu/types" />

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

const prepared = new Map<ExecutorChoice, PreparedDawn>();

/** Dawn, recording as the operator chose. */
export interface PreparedDawn extends DawnModule, ChosenExecutor {}

export async function loadDawn(choice: ExecutorChoice = decodeExecutorChoice(process.env[EXECUTOR_VARIABLE])): Promise<PreparedDawn> {
  const name: string = 'webgpu';
  const { create, globals } = (await import(name)) as DawnModule;
  let dawn = prepared.get(choice);
  if (dawn === undefined) {
    dawn = { create, globals, ...chooseExecutor(globals, choice) };
    prepared.set(choice, dawn);
  }
  return dawn;
}

export function openGpu(dawn: DawnModule, flags: readonly string[]): GPU {
  return dawn.create([`backend=${DAWN_BACKEND}`, ...flags]);
}

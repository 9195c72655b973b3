/// <reference types="@webgpu/types" />

import { writeSync } from 'node:fs';
import type { AdapterKind } from './config.ts';
import { confineProcess } from './confinement.ts';
import { type DawnModule, loadDawn, openGpu } from './dawn.ts';

/** One adapter that Dawn opens, as a probe process describes it to the host process. */
export interface ProbedAdapter {
  /** The device's name, by which a VF asks Dawn for it. */
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** A CPU pretends to be a GPU. */
  readonly isFallbackAdapter: boolean;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

const STDOUT_FD = 1;

/**
 * Prints the adapters that Dawn opens with this process's environment, and how commands reach it: one JSON line. Then
 * it confines itself as a VF does, and prints what has come of that on another.
 */
export async function probe(adapter: AdapterKind): Promise<void> {
  const dawn = await loadDawn();
  const adapters: ProbedAdapter[] = [];
  for (const name of await adapterNames(dawn)) {
    const adapter = await openGpu(dawn, [`adapter=${name}`]).requestAdapter().catch(() => null);
    if (adapter !== null) adapters.push(describe(name, adapter));
  }
  writeWhole(`${JSON.stringify({ adapters, executor: dawn.executor })}\n`);
  writeWhole(`${JSON.stringify({ isolation: confineProcess(adapter) })}\n`);
}

/**
 * Dawn's Node binding lists what it has only when asked for a name that it does not have: each adapter
 * on a line of its own in the error's text. Without any adapter the answer is null, and no error.
 */
async function adapterNames(dawn: DawnModule): Promise<readonly string[]> {
  try {
    await openGpu(dawn, ['adapter=\u0001none']).requestAdapter();
    return [];
  } catch (error) {
    const listed = String(error).matchAll(/^ \* backend: '[^']*', name: '(.*)'$/gm);
    return [...new Set([...listed].map((match) => match[1] ?? ''))];
  }
}

function describe(name: string, adapter: GPUAdapter): ProbedAdapter {
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  return {
    name,
    vendor,
    architecture,
    description,
    isFallbackAdapter,
    features: [...adapter.features.keys()].sort(),
    limits: limitsOf(adapter.limits),
  };
}

/** The limits are getters of the prototype. */
function limitsOf(limits: GPUSupportedLimits): Record<string, number> {
  const found: Record<string, number> = {};
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(limits))) {
    const value = (limits as unknown as Record<string, unknown>)[name];
    if (typeof value === 'number') found[name] = value;
  }
  return found;
}

/** Stdout is a pipe to the host, which reads it all: a short write is continued, a full pipe waited for. */
function writeWhole(text: string): void {
  const bytes = Buffer.from(text);
  for (let offset = 0; offset < bytes.length; ) {
    try {
      offset += writeSync(STDOUT_FD, bytes, offset);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

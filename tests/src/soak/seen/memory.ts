import { readFileSync } from 'node:fs';

export interface SeenMemory {
  /** Proportional set size: shared pages count by their share. */
  readonly pssBytes: number;
  /** Memory that belongs to no file: heaps, and what a software GPU has of its guest. */
  readonly anonymousBytes: number;
}

/** Null: there is no such process. */
export function memoryOf(pid: number): SeenMemory | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  } catch {
    return null;
  }
  const bytesOf = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return { pssBytes: bytesOf('Pss'), anonymousBytes: bytesOf('Anonymous') };
}

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Trace } from './trace.ts';

export interface TraceSet {
  /** Recorded over an aperture, and over a byte stream. */
  readonly withHeap: readonly Trace[];
  readonly withoutHeap: readonly Trace[];
}

/** The recorded traces and those of a folder; a folder that is not there gets the recorded ones, to be looked at and changed. */
export function withCorpus({ withHeap, withoutHeap }: TraceSet, directory: string): TraceSet {
  if (!existsSync(directory)) {
    mkdirSync(directory, { recursive: true });
    for (const trace of withHeap) writeTrace(directory, trace);
  }
  const more = readdirSync(directory).filter((name) => name.endsWith('.json')).sort().map((name) => readTrace(join(directory, name)));
  return { withHeap: [...withHeap, ...more], withoutHeap: [...withoutHeap, ...more] };
}

function writeTrace(directory: string, { name, packets }: Trace): void {
  const lines = packets.map((packet) => [...packet].map((word) => word.toString(16)).join(' '));
  writeFileSync(join(directory, `${name}.json`), `${JSON.stringify({ name, packets: lines }, null, 2)}\n`);
}

/** Words in hexadecimal, a string for each packet. */
function readTrace(path: string): Trace {
  const { name, packets } = JSON.parse(readFileSync(path, 'utf8')) as { name: string; packets: string[] };
  return { name, packets: packets.map((line) => Uint32Array.from(line.split(' '), (word) => Number.parseInt(word, 16))) };
}

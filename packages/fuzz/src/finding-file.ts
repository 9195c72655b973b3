import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findingKey } from './finding.ts';
import { hashText } from './input/random.ts';
import type { KeptFinding } from './run.ts';
import type { Case } from './target.ts';

/** One input as a file: what a finding leaves behind, and what a regression test plays. */
export interface FindingFile {
  readonly target: string;
  readonly finding: { readonly kind: string; readonly row: string; readonly message: string };
  readonly seed: number;
  readonly stream: number;
  readonly kept: Case;
}

/** Returns the path. The same finding has the same name. */
export function writeFinding(directory: string, found: KeptFinding): string {
  const { target, finding, seed, stream, kept } = found;
  const { kind, row, message } = finding;
  const file: FindingFile = { target, finding: { kind, row, message }, seed, stream, kept };
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${target}-${kind}-${hashText(findingKey(finding)).toString(16)}.json`);
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`);
  return path;
}

export function readFinding(path: string): FindingFile {
  return JSON.parse(readFileSync(path, 'utf8')) as FindingFile;
}

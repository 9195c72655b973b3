import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Report } from '../report.ts';
import type { Defect } from './defect.ts';
import { DEFECTS } from './list.ts';
import { DEFECT_VARIABLE } from './variable.ts';

const REGISTER = new URL('./register.js', import.meta.url).href;
const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

/** What came of looking for one defect. */
export interface DefectResult {
  readonly defect: Defect;
  /** How it showed, or null. */
  readonly found: string | null;
  readonly inputs: number;
  readonly seconds: number;
}

export interface ProofOptions {
  /** Empty: all. */
  readonly names: readonly string[];
  readonly seed: number;
  /** For each. */
  readonly seconds: number;
  readonly tell: (line: string) => void;
}

/** Runs the fuzzer against each defect. */
export async function proveDefects({ names, seed, seconds, tell }: ProofOptions): Promise<readonly DefectResult[]> {
  const chosen = DEFECTS.filter(({ name }) => names.length === 0 || names.includes(name));
  if (chosen.length < names.length) throw new Error(`Defects are ${DEFECTS.map(({ name }) => name).join(', ')}.`);
  const results: DefectResult[] = [];
  for (const defect of chosen) {
    const { findings, inputs, seconds: took } = await fuzzWith(defect, { seed, seconds });
    const [finding] = findings;
    const found = finding === undefined ? null : `${finding.kind}: ${finding.row}: ${finding.message}`;
    results.push({ defect, found, inputs, seconds: took });
    tell(`${defect.name} (${defect.what}): ${found === null ? 'NOT FOUND' : `found as "${found}"`} after ${inputs} inputs, ${took} s`);
  }
  return results;
}

/** One defect, and the report of the run that ends with the first finding. */
export async function fuzzWith(defect: Defect, { seed, seconds }: { readonly seed: number; readonly seconds: number }): Promise<Report> {
  const findings = mkdtempSync(join(tmpdir(), 'gpup-fuzz-'));
  try {
    const limits = ['--seed', String(seed), '--seconds', String(seconds), '--target', defect.target];
    const text = await run(['--import', REGISTER, MAIN, '--stop', '--json', '-', '--findings', findings, ...limits], { [DEFECT_VARIABLE]: defect.name });
    return JSON.parse(text) as Report;
  } finally {
    rmSync(findings, { recursive: true });
  }
}

function run(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
    child.on('close', (status) => (status === 0 || status === 1 ? resolve(output) : reject(new Error(`The fuzzer ended with status ${status}: ${errors}`))));
  });
}

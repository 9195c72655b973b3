import { parseArgs } from 'node:util';
import { ROUND } from './targets.ts';

export interface FuzzArguments {
  readonly seconds: number;
  readonly inputs: number;
  readonly seed: number;
  readonly jobs: number;
  readonly backend: 'null' | 'dawn';
  readonly targets: readonly string[];
  readonly json: string | null;
  /** A file with a section for what the run saw. */
  readonly markdown: string | null;
  /** What an earlier run wrote as JSON. */
  readonly report: string | null;
  readonly findings: string;
  /** A folder of further traces, or null. */
  readonly corpus: string | null;
  /** A file of `gpup capture`, or null. */
  readonly trace: string | null;
  readonly replay: string | null;
  /** Null: not asked for. Empty: all. */
  readonly defects: readonly string[] | null;
  readonly stopsAtFinding: boolean;
  readonly help: boolean;
}

export const USAGE = `Usage: npm run fuzz -- [OPTION…]

Attacks every entry that a guest has into the host and compares what comes of it with a model.

  --seconds N       stop after N seconds (default 60)
  --inputs N        stop after N inputs
  --seed S          numbers from 0 to 2^53 - 1; the same seed gives the same inputs (default: the time)
  --jobs N          threads, each with its share of the sessions (default 1)
  --backend NAME    null (default), or dawn: packets and real processes on a software GPU
  --target NAME,…   of null: ${Object.keys(ROUND).join(', ')}; of dawn: dawn, host (default: all)
  --json FILE       write the report there, - for standard output
  --markdown FILE   write tables of it there, in place of those of an earlier run
  --report FILE     no run: tables of the report that an earlier one wrote with --json
  --findings DIR    where inputs that failed are written, cut down (default fuzz-findings)
  --replay FILE     run one such input again; with a number: the run of that seed
  --corpus DIR      mutate the traces in that folder too; the recorded ones are written to a folder that is not there
  --trace FILE      mutate what a program sent, too: a file of "gpup capture" (null backend)
  --stop            stop at the first finding
  --defects [NAME…] show that the fuzzer finds defects planted into the host's code
`;

const OPTIONS = {
  seconds: { type: 'string' },
  inputs: { type: 'string' },
  seed: { type: 'string' },
  jobs: { type: 'string' },
  backend: { type: 'string' },
  target: { type: 'string' },
  json: { type: 'string' },
  markdown: { type: 'string' },
  report: { type: 'string' },
  findings: { type: 'string' },
  replay: { type: 'string' },
  corpus: { type: 'string' },
  trace: { type: 'string' },
  stop: { type: 'boolean' },
  defects: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** Throws an error with a sentence for what cannot be meant. */
export function parseArguments(argv: readonly string[], nowMs: number): FuzzArguments {
  const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  if (positionals.length > 0 && values.defects !== true) throw new Error(`The argument (${positionals[0]}) is not known.`);
  const backend = values.backend ?? 'null';
  if (backend !== 'null' && backend !== 'dawn') throw new Error(`The backend (${backend}) is neither null nor dawn.`);
  return {
    // Inputs alone limit a run that is given no time.
    seconds: count('seconds', values.seconds, values.inputs === undefined ? 60 : Number.MAX_SAFE_INTEGER),
    inputs: count('inputs', values.inputs, Number.MAX_SAFE_INTEGER),
    seed: isSeed(values.replay) ? Number(values.replay) : count('seed', values.seed, nowMs),
    jobs: Math.max(1, count('jobs', values.jobs, 1)),
    backend,
    targets: names(values.target, backend),
    json: values.json ?? null,
    markdown: values.markdown ?? null,
    report: values.report ?? null,
    findings: values.findings ?? 'fuzz-findings',
    corpus: values.corpus ?? null,
    trace: values.trace ?? null,
    replay: isSeed(values.replay) ? null : (values.replay ?? null),
    defects: values.defects === true ? positionals : null,
    stopsAtFinding: values.stop === true,
    help: values.help === true,
  };
}

function isSeed(text: string | undefined): boolean {
  return text !== undefined && /^\d+$/.test(text);
}

function count(name: string, text: string | undefined, byDefault: number): number {
  if (text === undefined) return byDefault;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || text === '') throw new Error(`The option --${name} (${text}) is not a whole number.`);
  return value;
}

/** Of the backend `dawn`. */
export const REAL_TARGETS: readonly string[] = ['dawn', 'host'];

function names(text: string | undefined, backend: 'null' | 'dawn'): readonly string[] {
  if (text === undefined) return [];
  const known = backend === 'null' ? Object.keys(ROUND) : REAL_TARGETS;
  const chosen = text.split(',');
  for (const name of chosen) {
    if (!known.includes(name)) throw new Error(`The target (${name}) is none of ${known.join(', ')}.`);
  }
  return chosen;
}

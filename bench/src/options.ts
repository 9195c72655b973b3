import { parseArgs } from 'node:util';
import type { ProgramAge } from './contestant.ts';

export interface Options {
  readonly names: readonly string[];
  /** Alternations; undefined: as many as the workload wants. */
  readonly runCount: number | undefined;
  readonly jsonFile: string | undefined;
  readonly svgFile: string | undefined;
  /** `auto`: the one that an npm package carries. */
  readonly chromiumPath: string | undefined;
  readonly age: ProgramAge;
}

export class UsageError extends Error {}

export const RUNS = { plain: 5, gpuBound: 20, max: 100 } as const;
export const SVG_FILE_DEFAULT = 'docs/performance.svg';

export function usage(known: readonly string[]): string {
  return `Usage: npm run bench [-- OPTIONS]

Runs the same programs on npm webgpu as it comes, on npm webgpu without its idle spin (tuned) and in a
partition, alternating, all on the same adapter.

  --only NAME[,NAME]  only these workloads: ${known.join(', ')}
  --runs N            alternations, 1 to ${RUNS.max} (default ${RUNS.plain}, and ${RUNS.gpuBound} for those that the GPU paces)
  --chromium PATH     measures a headless Chromium as well; "auto": the one in an npm package
  --json FILE         writes machine, adapter and all figures
  --young             measures the first rounds of each process, compilers and all, not those of a program that
                      has run for a while
  --svg [FILE]        draws the ratios (default ${SVG_FILE_DEFAULT})
  -h, --help          shows this

Exit status: 1 if a figure is missing because its program failed, 2 for a mistake on the command line.`;
}

/** Undefined: help is wanted. */
export function readOptions(args: readonly string[], known: readonly string[]): Options | undefined {
  const { values } = parse(args);
  if (values.help) return undefined;
  const names = values.only?.split(',') ?? known;
  for (const name of names) {
    if (!known.includes(name)) throw new UsageError(`--only names the unknown workload (${name}). Known: ${known.join(', ')}.`);
  }
  const runCount = values.runs === undefined ? undefined : Number(values.runs);
  if (runCount !== undefined && !(Number.isInteger(runCount) && runCount >= 1 && runCount <= RUNS.max)) {
    throw new UsageError(`--runs (${values.runs}) is not a whole number from 1 to ${RUNS.max}.`);
  }
  return { names: known.filter((name) => names.includes(name)), runCount, jsonFile: values.json, svgFile: values.svg, chromiumPath: values.chromium, age: values.young ? 'young' : 'steady' };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: withDefaultFile(args),
      options: {
        only: { type: 'string' },
        runs: { type: 'string' },
        chromium: { type: 'string' },
        json: { type: 'string' },
        svg: { type: 'string' },
        young: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** `--svg` alone means the picture in the documentation. */
function withDefaultFile(args: readonly string[]): string[] {
  return args.flatMap((arg, i) => (arg === '--svg' && (args[i + 1] ?? '--').startsWith('--') ? [arg, SVG_FILE_DEFAULT] : [arg]));
}

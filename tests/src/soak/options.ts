import { parseArgs } from 'node:util';
import { SOAK_LIMITS } from './limits.ts';

export interface CommandLine {
  readonly minutes: number;
  readonly seed: number;
  readonly jsonPath: string | null;
  readonly markdownPath: string | null;
  /** Whether each step is told of, rather than each rest. */
  readonly isVerbose: boolean;
}

const SEED_MAX = 2 ** 32 - 1;

export function commandLineOf(args: readonly string[], nowMs: number): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: { minutes: { type: 'string' }, seed: { type: 'string' }, json: { type: 'string' }, markdown: { type: 'string' }, verbose: { type: 'boolean' } },
  });
  return {
    minutes: numberOf('minutes', values.minutes ?? '5', { least: 0, most: SOAK_LIMITS.minutesMax, isWhole: false }),
    seed: numberOf('seed', values.seed ?? String(nowMs % 1_000_000), { least: 0, most: SEED_MAX, isWhole: true }),
    jsonPath: values.json ?? null,
    markdownPath: values.markdown ?? null,
    isVerbose: values.verbose === true,
  };
}

function numberOf(name: string, text: string, { least, most, isWhole }: { readonly least: number; readonly most: number; readonly isWhole: boolean }): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return value;
  throw new Error(`--${name} (${text}) is not a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}.`);
}

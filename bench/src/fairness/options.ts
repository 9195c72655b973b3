import { parseArgs } from 'node:util';
import { UsageError } from '../options.ts';
import { FAIRNESS, FAIRNESS_NAMES, partsOf } from './names.ts';

export interface FairnessOptions {
  /** Of scenes, as they name themselves. */
  readonly parts: readonly string[];
  readonly windowMs: number;
  readonly jsonFile: string | undefined;
  readonly svgFile: string | undefined;
}

/** Shares are only as fine as a window holds submits. */
export const WINDOW_SECONDS = { default: 10, min: 0.1, max: 600 } as const;
export const FAIRNESS_SVG_FILE_DEFAULT = 'docs/scheduling.svg';

export const FAIRNESS_USAGE = `Instead of these, who gets how much of an adapter that guests share (docs/scheduling.md):

  --only NAME[,NAME]  ${FAIRNESS_NAMES.join(', ')}
  --window SECONDS    how long a window is that counts, ${WINDOW_SECONDS.min} to ${WINDOW_SECONDS.max} (default ${WINDOW_SECONDS.default})
  --json FILE         writes machine, adapter and all figures
  --svg [FILE]        draws shares and latencies (default ${FAIRNESS_SVG_FILE_DEFAULT})`;

/** Undefined: something else is asked for. */
export function readFairnessOptions(args: readonly string[]): FairnessOptions | undefined {
  if (!asksForFairness(args)) return undefined;
  const { only, window, json, svg } = parse(args);
  const names = (only ?? '').split(',');
  for (const name of names) {
    if (!FAIRNESS_NAMES.includes(name)) throw new UsageError(`--only names (${name}), which is no part of ${FAIRNESS}. Known: ${FAIRNESS_NAMES.join(', ')}.`);
  }
  return { parts: partsOf(names), windowMs: windowSeconds(window) * 1000, jsonFile: json, svgFile: svg === '' ? FAIRNESS_SVG_FILE_DEFAULT : svg };
}

function asksForFairness(args: readonly string[]): boolean {
  const at = args.findIndex((arg) => /^--only(=|$)/.test(arg));
  const names = at === -1 ? '' : `${args[at]},${args[at + 1] ?? ''}`;
  return names.split(/[,=]/).some((name) => name.startsWith(FAIRNESS));
}

function windowSeconds(text: string | undefined): number {
  if (text === undefined) return WINDOW_SECONDS.default;
  const seconds = Number(text);
  if (text !== '' && seconds >= WINDOW_SECONDS.min && seconds <= WINDOW_SECONDS.max) return seconds;
  throw new UsageError(`--window (${text}) is not a number from ${WINDOW_SECONDS.min} to ${WINDOW_SECONDS.max}.`);
}

function parse(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    return parseArgs({ args: withEmptyFile(args), options: { only: text, window: text, json: text, svg: text } }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** `--svg` alone means the picture in the documentation. */
function withEmptyFile(args: readonly string[]): string[] {
  return args.flatMap((arg, i) => (arg === '--svg' && (args[i + 1] ?? '--').startsWith('--') ? [arg, ''] : [arg]));
}

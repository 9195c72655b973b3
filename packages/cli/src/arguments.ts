import { parseArgs } from 'node:util';
import { ADAPTER_PREFERENCES, type AdapterPreference, PF_LIMITS } from '@gpup/pf';
import { parseByteCount } from './byte-count.ts';
import { UsageError } from './usage-error.ts';

/**
 * What the command line asks for. node:util's parseArgs is enough for two commands, and leaves the
 * messages to us: each names the value that is wrong and what would be right.
 */
export type Command =
  | { readonly kind: 'help'; readonly topic: 'gpup' | 'run' | 'info' }
  | { readonly kind: 'version' }
  | { readonly kind: 'info'; readonly json: boolean }
  | {
      readonly kind: 'run';
      readonly adapter: AdapterPreference;
      readonly transport: (typeof TRANSPORTS)[number];
      readonly vramBytes: number | undefined;
      readonly pool: number | undefined;
      readonly command: readonly [string, ...string[]];
    };

export type RunCommand = Extract<Command, { kind: 'run' }>;

export interface ParsedOptions {
  readonly values: Readonly<Record<string, string | boolean>>;
  readonly rest: readonly string[];
}

export const TRANSPORTS = ['aperture', 'stream'] as const;

export type Options = Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string }>>;

export const HELP: Options = { help: { type: 'boolean', short: 'h' } };
const INFO: Options = { ...HELP, json: { type: 'boolean' } };
export const RUN: Options = { ...HELP, vram: { type: 'string' }, adapter: { type: 'string' }, transport: { type: 'string' }, pool: { type: 'string' } };
const TOP: Options = { ...HELP, version: { type: 'boolean', short: 'v' } };

export function parseCommandLine(args: readonly string[]): Command {
  const { values, rest } = parseOptions(args, TOP, 'gpup');
  if (values['version'] === true) return { kind: 'version' };
  const [name, ...commandArgs] = rest;
  if (values['help'] === true || name === 'help') return { kind: 'help', topic: 'gpup' };
  if (name === undefined) throw new UsageError('No command is given; gpup knows: run, info, capture, replay.');
  if (name === 'run') return parseRun(commandArgs);
  if (name === 'info') return parseInfo(commandArgs);
  throw new UsageError(`Unknown command (${name}); gpup knows: run, info, capture, replay.`);
}

function parseInfo(args: readonly string[]): Command {
  const { values, rest } = parseOptions(args, INFO, 'gpup info');
  if (values['help'] === true) return { kind: 'help', topic: 'info' };
  if (rest.length > 0) throw new UsageError(`gpup info takes no argument (${rest[0]}).`);
  return { kind: 'info', json: values['json'] === true };
}

function parseRun(args: readonly string[]): Command {
  const { values, rest } = parseOptions(args, RUN, 'gpup run');
  if (values['help'] === true) return { kind: 'help', topic: 'run' };
  return runCommand({ values, rest }, 'gpup run');
}

/** What `gpup run`, and what does more than that, is told of a program and its partition. */
export function runCommand({ values, rest }: ParsedOptions, of: string): RunCommand {
  const vram = values['vram'];
  const pool = values['pool'];
  const [program, ...programArgs] = rest;
  const options = {
    adapter: oneOf('--adapter', values['adapter'] ?? 'auto', ADAPTER_PREFERENCES),
    transport: oneOf('--transport', values['transport'] ?? 'aperture', TRANSPORTS),
    vramBytes: typeof vram === 'string' ? parseByteCount(vram, { option: '--vram', bytesMax: PF_LIMITS.vramBytesMax }) : undefined,
    pool: typeof pool === 'string' ? parsePool(pool) : undefined,
  };
  if (program === undefined || program === '') {
    throw new UsageError(`No program is given to run; example: ${of} -- node app.js`);
  }
  return { kind: 'run', ...options, command: [program, ...programArgs] };
}

function parsePool(text: string): number {
  const size = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (size <= PF_LIMITS.poolSizeMax) return size;
  throw new UsageError(`--pool (${text}) is not a whole number from 0 to ${PF_LIMITS.poolSizeMax}.`);
}

export function oneOf<T extends string>(option: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw new UsageError(`${option} (${String(value)}) is none of ${allowed.join(', ')}.`);
}

/**
 * Options up to `--` or the first word that is none: what follows is another program's business, and may
 * look like an option of ours.
 */
export function parseOptions(args: readonly string[], options: Options, of: string): ParsedOptions {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const values: Record<string, string | boolean> = {};
  for (const token of tokens) {
    if (token.kind === 'option-terminator') return { values, rest: args.slice(token.index + 1) };
    if (token.kind === 'positional') return { values, rest: args.slice(token.index) };
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw new UsageError(`Unknown option (${token.rawName}) of ${of}; see ${of} --help.`);
    if (Object.hasOwn(values, token.name)) throw new UsageError(`Option ${token.rawName} is given twice.`);
    if (option.type === 'string' && token.value === undefined) throw new UsageError(`Option ${token.rawName} needs a value.`);
    if (option.type === 'boolean' && token.value !== undefined) throw new UsageError(`Option ${token.rawName} takes no value (${token.value}).`);
    values[token.name] = token.value ?? true;
  }
  return { values, rest: [] };
}

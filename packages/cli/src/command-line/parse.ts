import { parseArgs } from 'node:util';
import { UsageError } from '../usage-error.ts';
import type { CommandRow } from './command.ts';

export type Parsed<Built> = { readonly kind: 'help'; readonly topic: string } | { readonly kind: 'version' } | Built;

interface Given {
  readonly options: Readonly<Record<string, readonly string[]>>;
  /** What is no option. */
  readonly words: readonly string[];
}

type Kinds = Readonly<Record<string, { readonly takesValue: boolean; readonly repeats: boolean; readonly short?: string }>>;

/** What help is about where no command is named. */
export const TOP_TOPIC = 'gpup';

const HELP: Kinds = { help: { takesValue: false, repeats: false, short: 'h' } };
const TOP: Kinds = { ...HELP, version: { takesValue: false, repeats: false, short: 'v' } };

/** What a command line asks for, by a table of commands. Throws a `UsageError` that names the word that is wrong. */
export function parse<Built>(args: readonly string[], table: readonly CommandRow<Built>[]): Parsed<Built> {
  const { options, words } = given(args, { kinds: TOP, of: 'gpup', stopsAtWord: true });
  if (options['version'] !== undefined) return { kind: 'version' };
  if (options['help'] !== undefined) return { kind: 'help', topic: TOP_TOPIC };
  if (words[0] === 'help') return { kind: 'help', topic: topicOf(words.slice(1), table) };
  return descend('', words, table);
}

/** Takes words as long as they name commands. */
function descend<Built>(path: string, words: readonly string[], table: readonly CommandRow<Built>[]): Parsed<Built> {
  const row = table.find((candidate) => candidate.path === path);
  if (row !== undefined) return parseCommand(row, words);
  const of = path === '' ? 'gpup' : `gpup ${path}`;
  const { options, words: [next, ...rest] } = given(words, { kinds: HELP, of, stopsAtWord: true });
  if (options['help'] !== undefined) return { kind: 'help', topic: path };
  const known = subcommands(path, table).join(', ');
  if (next === undefined) throw new UsageError(`No command is given; ${of} knows: ${known}.`);
  if (!subcommands(path, table).includes(next)) throw new UsageError(`Unknown command (${next}); ${of} knows: ${known}.`);
  return descend(`${path} ${next}`.trim(), rest, table);
}

/** The words that may follow, in the table's order. */
export function subcommands(path: string, table: readonly CommandRow[]): readonly string[] {
  const prefix = path === '' ? '' : `${path} `;
  const following = table.filter((row) => row.path.startsWith(prefix)).map((row) => row.path.slice(prefix.length).split(' ')[0] as string);
  return [...new Set(following)];
}

function topicOf(words: readonly string[], table: readonly CommandRow[]): string {
  const topic = words.join(' ');
  if (topic === '') return TOP_TOPIC;
  if (table.some(({ path }) => path === topic || path.startsWith(`${topic} `))) return topic;
  throw new UsageError(`Unknown command (${topic}); gpup knows: ${subcommands('', table).join(', ')}.`);
}

function parseCommand<Built>(row: CommandRow<Built>, args: readonly string[]): Parsed<Built> {
  const kinds = Object.fromEntries(
    Object.entries(row.options).map(([name, { value, repeats, short }]) => [name, { takesValue: value !== undefined, repeats, ...(short === undefined ? {} : { short }) }]),
  );
  const of = `gpup ${row.path}`;
  // A program's own options are its own business: everything from the first word on is left alone.
  const { options, words } = given(args, { kinds: { ...kinds, ...HELP }, of, stopsAtWord: row.trailing !== undefined });
  if (options['help'] !== undefined) return { kind: 'help', topic: row.path };
  if (row.trailing === undefined) checkOperands(row, of, words);
  return row.build({ options, operands: words });
}

function checkOperands({ operands }: CommandRow, of: string, words: readonly string[]): void {
  const missing = operands[words.length];
  if (missing !== undefined) throw new UsageError(`No ${missing.name} is given; see ${of} --help.`);
  const extra = words[operands.length];
  if (extra === undefined) return;
  throw new UsageError(operands.length === 0 ? `${of} takes no argument (${extra}).` : `${of} takes no further argument (${extra}) after ${operands.map(({ name }) => name).join(' ')}.`);
}

function given(args: readonly string[], { kinds, of, stopsAtWord }: { readonly kinds: Kinds; readonly of: string; readonly stopsAtWord: boolean }): Given {
  const known = Object.entries(kinds).map(([name, { takesValue, short }]) => [name, { type: takesValue ? 'string' : 'boolean', ...(short === undefined ? {} : { short }) }] as const);
  const { tokens } = parseArgs({ args: [...args], options: Object.fromEntries(known), strict: false, allowPositionals: true, tokens: true });
  const options: Record<string, string[]> = {};
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'option-terminator') return { options, words: [...words, ...args.slice(token.index + 1)] };
    if (token.kind === 'positional') {
      if (stopsAtWord) return { options, words: args.slice(token.index) };
      words.push(token.value);
      continue;
    }
    const kind = Object.hasOwn(kinds, token.name) ? kinds[token.name] : undefined;
    if (kind === undefined) throw new UsageError(`Unknown option (${token.rawName}) of ${of}; see ${of} --help.`);
    if (Object.hasOwn(options, token.name) && !kind.repeats) throw new UsageError(`Option ${token.rawName} is given twice.`);
    if (kind.takesValue && token.value === undefined) throw new UsageError(`Option ${token.rawName} needs a value.`);
    if (!kind.takesValue && token.value !== undefined) throw new UsageError(`Option ${token.rawName} takes no value (${token.value}).`);
    (options[token.name] ??= []).push(token.value ?? '');
  }
  return { options, words };
}

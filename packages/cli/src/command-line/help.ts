import type { CommandRow, Operand } from './command.ts';
import type { Options } from './option.ts';
import { TOP_TOPIC, subcommands } from './parse.ts';
import { COMMANDS, GROUPS } from './table.ts';

/** What exit statuses mean for all commands; those of `gpup run` are its own besides. */
export const EXIT_STATUSES = [
  ['0', 'done'],
  ['1', 'it failed; one line on standard error says why'],
  ['2', 'the command line is not right'],
  ['3', 'no host runs, or it went away'],
  ['4', 'the host refused; the line begins with a stable code'],
] as const;

const COLUMNS_MAX = 100;
const TABLE: readonly CommandRow[] = COMMANDS;

/** The page of a command, of a group of commands, or of gpup itself. */
export function help(topic: string): string {
  const row = TABLE.find(({ path }) => path === topic);
  return row === undefined ? groupPage(topic === TOP_TOPIC ? '' : topic) : commandPage(row);
}

export function usage({ path, operands, trailing, options }: CommandRow): string {
  const words = operands.map(({ name }) => name);
  return ['gpup', path, ...words, ...(Object.keys(options).length > 0 ? ['[OPTIONS]'] : []), ...(trailing === undefined ? [] : [trailing])].join(' ');
}

function groupPage(path: string): string {
  const lines = subcommands(path, TABLE).map((word) => {
    const full = `${path} ${word}`.trim();
    const row = TABLE.find((candidate) => candidate.path === full);
    return [full, row?.summary ?? (GROUPS[full] as string)] as const;
  });
  const about = path === '' ? 'Runs unmodified WebGPU programs in partitions of one GPU.' : `${GROUPS[path]}.`;
  const options: readonly Entry[] = [
    ['-h, --help', path === '' ? 'show this help; gpup COMMAND --help shows a command\'s' : 'show this help'],
    ...(path === '' ? ([['-v, --version', 'show the version']] as const) : []),
  ];
  const name = path === '' ? 'gpup' : `gpup ${path}`;
  return page([`Usage: ${name} COMMAND [OPTIONS]`, about, section('Commands', lines), section('Options', options), ...(path === '' ? [section('Exit status', EXIT_STATUSES)] : [])]);
}

function commandPage(row: CommandRow): string {
  const { description, operands, options, exitStatuses, examples } = row;
  const entries: readonly Entry[] = [...optionEntries(options), ['-h, --help', 'show this help']];
  return page([
    `Usage: ${usage(row)}`,
    wrapped(description, COLUMNS_MAX).join('\n'),
    ...(operands.length > 0 ? [section('Arguments', operands.map(({ name, help: text }: Operand) => [name, text]))] : []),
    section('Options', entries),
    section('Exit status', [...exitStatuses, ...commonStatuses(row)]),
    ...(examples.length > 0 ? [`Examples:\n${examples.map((example) => `  ${example}\n`).join('')}`.trimEnd()] : []),
  ]);
}

/** Those that it can end in, and does not mean otherwise. */
function commonStatuses({ exitStatuses, options, trailing }: CommandRow): readonly Entry[] {
  const own = new Set(exitStatuses.map(([status]) => status));
  const asksHost = Object.hasOwn(options, 'host');
  return EXIT_STATUSES.filter(([status]) => !own.has(status) && (asksHost || Number(status) <= 2) && !(status === '0' && trailing !== undefined));
}

type Entry = readonly [name: string, text: string];

export function optionEntries(options: Options): readonly Entry[] {
  return Object.entries(options).map(([name, { value, short, help: text }]) => [`${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`, text]);
}

function page(parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`;
}

/** Names in a column of their own; a name that is too long for it has its text on the next line. */
function section(title: string, entries: readonly Entry[]): string {
  const width = Math.min(24, Math.max(...entries.map(([name]) => name.length)));
  const indent = ' '.repeat(width + 4);
  const lines = entries.flatMap(([name, text]) => {
    const [first = '', ...rest] = wrapped(text, COLUMNS_MAX - indent.length);
    const begin = name.length > width ? [`  ${name}`, `${indent}${first}`] : [`  ${name.padEnd(width)}  ${first}`];
    return [...begin, ...rest.map((line) => `${indent}${line}`)];
  });
  return [`${title}:`, ...lines].join('\n');
}

function wrapped(text: string, columnsMax: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columnsMax) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

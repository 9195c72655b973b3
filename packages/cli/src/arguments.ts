import type { CommandRow } from './command-line/command.ts';
import { type Parsed, parse } from './command-line/parse.ts';
import { COMMANDS } from './command-line/table.ts';

type BuiltBy<Row> = Row extends CommandRow<infer Built> ? Built : never;

/** What a command line asks for. */
export type Command = Parsed<BuiltBy<(typeof COMMANDS)[number]>>;

export function parseCommandLine(args: readonly string[]): Command {
  return parse<BuiltBy<(typeof COMMANDS)[number]>>(args, COMMANDS);
}

export type RunCommand = Extract<Command, { readonly kind: 'run' }>;

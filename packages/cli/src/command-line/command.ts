import type { Options, ValuesOf } from './option.ts';

/** A word after the options that a command needs. */
export interface Operand {
  /** As help shows it: `NAME`. */
  readonly name: string;
  readonly help: string;
  /** All that it may be, where that can be listed. */
  readonly words?: readonly string[];
}

/** A row of the table of commands: parser, help, completion and docs/cli.md are all made from it. */
export interface CommandRow<Built = unknown> {
  /** `partition create` */
  readonly path: string;
  /** One line, a command: `Create a partition`. */
  readonly summary: string;
  /** Whole sentences. */
  readonly description: string;
  readonly operands: readonly Operand[];
  /** What follows the options as it is, for a program that is run: `-- PROGRAM [ARGUMENTS]`. */
  readonly trailing: string | undefined;
  readonly options: Options;
  /** What its exit status means, besides what all have in common. */
  readonly exitStatuses: readonly (readonly [status: string, meaning: string])[];
  readonly examples: readonly string[];
  build(texts: { readonly options: Readonly<Record<string, readonly string[]>>; readonly operands: readonly string[] }): Built;
}

interface Description<O extends Options, Built> {
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly operands?: readonly Operand[];
  readonly trailing?: string;
  readonly options: O;
  readonly exitStatuses?: CommandRow['exitStatuses'];
  readonly examples?: readonly string[];
  /** Of values that are right one by one. Throws a `UsageError` where they do not go together. */
  build(values: ValuesOf<O>, operands: readonly string[]): Built;
}

/** A command whose `build` gets what its options mean, typed. */
export function command<O extends Options, const Built>(description: Description<O, Built>): CommandRow<Built> {
  const { options, build } = description;
  return {
    operands: [],
    trailing: undefined,
    exitStatuses: [],
    examples: [],
    ...description,
    build: (texts) => {
      const values = Object.entries(options).map(([name, option]) => [name, option.read(texts.options[name] ?? [], `--${name}`)]);
      return build(Object.fromEntries(values) as ValuesOf<O>, texts.operands);
    },
  };
}

import { parseByteCount } from '../byte-count.ts';
import { UsageError } from '../usage-error.ts';

/** One option of a command: what it is called in help and completion, and what its text means. */
export interface Option<T> {
  /** `BYTES`, or `a|b`; undefined: it takes no value. */
  readonly value: string | undefined;
  readonly help: string;
  /** One letter, where it has one. */
  readonly short?: string;
  /** All that it may be, where that can be listed. */
  readonly words: readonly string[];
  /** Whether it may be given more than once. */
  readonly repeats: boolean;
  /** Of the texts that were given (a flag's is empty), in their order. */
  read(texts: readonly string[], option: string): T;
}

export type Options = Readonly<Record<string, Option<unknown>>>;
export type ValuesOf<O extends Options> = { readonly [Name in keyof O]: O[Name] extends Option<infer T> ? T : never };

type Parse<T> = (text: string, option: string) => T;

export function flag(help: string): Option<boolean> {
  return { value: undefined, help, words: [], repeats: false, read: (texts) => texts.length > 0 };
}

export function value<T>(name: string, help: string, parse: Parse<T>): Option<T | undefined> {
  return { value: name, help, words: [], repeats: false, read: ([text], option) => (text === undefined ? undefined : parse(text, option)) };
}

export function values<T>(name: string, help: string, parse: Parse<T>): Option<readonly T[]> {
  return { value: name, help: `${help} (may be repeated)`, words: [], repeats: true, read: (texts, option) => texts.map((text) => parse(text, option)) };
}

export function choice<const Word extends string>(words: readonly Word[], help: string): Option<Word | undefined> {
  return { ...value(words.join('|'), help, (text, option) => oneOf(words, text, option)), words };
}

export function oneOf<const Word extends string>(words: readonly Word[], text: string, option: string): Word {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  throw new UsageError(`${option} (${text}) is none of ${words.join(', ')}.`);
}

export function bytes(bytesMax: number): Parse<number> {
  return (text, option) => parseByteCount(text, { option, bytesMax });
}

export function wholeNumber(range: { readonly min: number; readonly max: number }): Parse<number> {
  return (text, option) => {
    const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= range.min && number <= range.max) return number;
    throw new UsageError(`${option} (${text}) is not a whole number from ${range.min} to ${range.max}.`);
  };
}

/** A part of the whole: `1/4`, `0.25`, `25%`. */
export function share(text: string, option: string): number {
  const [, upper, lower] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const [, percent] = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text) ?? [];
  const plain = /^\d(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  const part = upper !== undefined ? Number(upper) / Number(lower) : percent !== undefined ? Number(percent) / 100 : plain;
  if (part > 0 && part <= 1) return part;
  throw new UsageError(`${option} (${text}) is not a part of the whole; examples: 1/4, 0.25, 25%.`);
}

export function word(text: string, option: string): string {
  if (text !== '') return text;
  throw new UsageError(`${option} is empty.`);
}

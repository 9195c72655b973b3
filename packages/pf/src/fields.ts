/**
 * Reads unknown JSON into typed values. What does not fit throws a Refusal that names the field by its path
 * (`vram.min`, `escapes[1]`), the value and the limit.
 */
import { Refusal } from './refusal.ts';

export type Fields<Name extends string> = Readonly<Partial<Record<Name, unknown>>>;

/** The fields of an object, none of which may be unknown: a misspelt limit would be no limit. */
export function fieldsOf<Name extends string>(value: unknown, path: string, names: readonly Name[]): Fields<Name> {
  const fields = recordOf(value, path);
  const unknown = Object.keys(fields).find((name) => !(names as readonly string[]).includes(name));
  if (unknown === undefined) return fields as Fields<Name>;
  const unknownPath = fieldPath(path, unknown);
  throw new Refusal('unknown-field', `The field ${shownPath(unknownPath)} is unknown; known here: ${names.join(', ')}.`, unknownPath);
}

/** An object with any names. */
export function recordOf(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badField(path, value, 'is not an object');
  return value as Record<string, unknown>;
}

export function listOf(value: unknown, path: string, countMax: number): readonly unknown[] {
  if (!Array.isArray(value)) throw badField(path, value, 'is not a list');
  if (value.length > countMax) throw new Refusal('bad-field', `The field ${path} has ${value.length} entries, more than it may have (${countMax}).`, path);
  return value;
}

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** "bytes", "ms", … for the sentence. */
  readonly unit?: string;
}

export function wholeNumberOf(value: unknown, path: string, range: NumberRange): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= range.min && value <= range.max) return value + POSITIVE_ZERO;
  throw badField(path, value, `is not a whole number ${ofUnit(range)}from ${range.min} to ${range.max}`);
}

export function numberOf(value: unknown, path: string, range: NumberRange): number {
  if (typeof value === 'number' && value >= range.min && value <= range.max) return value + POSITIVE_ZERO;
  throw badField(path, value, `is not a number ${ofUnit(range)}from ${range.min} to ${range.max}`);
}

export function booleanOf(value: unknown, path: string): boolean {
  if (typeof value === 'boolean') return value;
  throw badField(path, value, 'is neither true nor false');
}

export function wordOf<Word extends string>(value: unknown, path: string, words: readonly Word[], code = 'bad-field'): Word {
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  throw badField(path, value, words.length === 0 ? 'is unknown: none exist here' : `is none of ${words.join(', ')}`, code);
}

export interface TextRule {
  readonly pattern: RegExp;
  readonly lengthMax: number;
  /** What follows "is not": "an absolute path". */
  readonly is: string;
}

export function textOf(value: unknown, path: string, rule: TextRule): string {
  if (typeof value === 'string' && isWithin(value, rule.lengthMax) && rule.pattern.test(value)) return value;
  throw badField(path, value, `is not ${rule.is} of at most ${rule.lengthMax} characters`);
}

/** In code points, as JSON Schema counts. The first look bounds the work on a long text. */
function isWithin(text: string, lengthMax: number): boolean {
  return text.length <= 2 * lengthMax && [...text].length <= lengthMax;
}

export function badField(path: string, value: unknown, what: string, code = 'bad-field'): Refusal {
  const subject = path === '' ? `The value (${shown(value)})` : `The field ${shownPath(path)} (${shown(value)})`;
  return new Refusal(code, `${subject} ${what}.`, path === '' ? undefined : path);
}

export function fieldPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** A name that a stranger chose may be of any length. */
function shownPath(path: string): string {
  return path.length <= SHOWN_LENGTH_MAX ? path : `${path.slice(0, SHOWN_LENGTH_MAX)}…`;
}

/** Little of it: a stranger's value may be of any length, and nested deeper than the stack would bear. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return shownPath(JSON.stringify(value.slice(0, SHOWN_LENGTH_MAX + 1)));
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function ofUnit({ unit }: NumberRange): string {
  return unit === undefined ? '' : `of ${unit} `;
}

/** JSON has a negative zero, but does not write one. */
const POSITIVE_ZERO = 0;

const SHOWN_LENGTH_MAX = 100;

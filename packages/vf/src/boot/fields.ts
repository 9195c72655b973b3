/**
 * Fields of JSON that a host process wrote. The host is trusted, yet each is looked at, so that a mismatch
 * of versions ends with a sentence.
 */
export interface Fields {
  /** What they belong to, for messages. */
  readonly of: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export function objectOf(of: string, text: string): Fields {
  const values = JSON.parse(text) as unknown;
  if (typeof values !== 'object' || values === null) throw new Error(`${of} is not a JSON object.`);
  return { of, values: values as Record<string, unknown> };
}

export function positive(fields: Fields, name: string): number {
  const value = fields.values[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw invalid(fields, name);
}

export function positiveOrNull(fields: Fields, name: string): number | null {
  return fields.values[name] === null ? null : positive(fields, name);
}

export function strings(fields: Fields, name: string): readonly string[] {
  const value = fields.values[name];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value as string[];
  throw invalid(fields, name);
}

export function stringOrNull(fields: Fields, name: string): string | null {
  const value = fields.values[name];
  if (value === null || typeof value === 'string') return value;
  throw invalid(fields, name);
}

/** Not empty. */
export function textUpTo(fields: Fields, name: string, bytesMax: number): string {
  const value = fields.values[name];
  if (typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= bytesMax) return value;
  throw invalid(fields, name);
}

export function invalid({ of, values }: Fields, name: string): Error {
  return new Error(`${of} has an invalid ${name} (${JSON.stringify(values[name])}).`);
}

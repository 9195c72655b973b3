/** As much of JSON Schema as docs/host-config.schema.json uses. A keyword that this does not know is a mistake of the test. */
export interface Schema {
  readonly type?: 'object' | 'string' | 'integer' | 'boolean';
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly default?: unknown;
}

const KNOWN = [
  '$schema', 'title', 'description', 'default', 'type', 'enum', 'properties', 'required', 'additionalProperties', 'minimum', 'maximum', 'pattern', 'maxLength',
];

export function isValid(schema: Schema, value: unknown): boolean {
  const unknown = Object.keys(schema).find((keyword) => !KNOWN.includes(keyword));
  if (unknown !== undefined) throw new Error(`The keyword "${unknown}" is not one that this checks.`);
  if (schema.enum !== undefined) return schema.enum.some((word) => word === value);
  switch (schema.type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value) && isValidObject(schema, value as Record<string, unknown>);
    case 'string':
      return typeof value === 'string' && [...value].length <= (schema.maxLength ?? Infinity) && new RegExp(schema.pattern ?? '', 'u').test(value);
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value) && value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity);
    case 'boolean':
      return typeof value === 'boolean';
    default:
      throw new Error('A schema without a type.');
  }
}

function isValidObject({ properties = {}, required = [] }: Schema, value: Record<string, unknown>): boolean {
  const names = Object.keys(value).every((name) => Object.hasOwn(properties, name) && isValid(properties[name] as Schema, value[name]));
  return names && required.every((name) => Object.hasOwn(value, name));
}

export interface Leaf {
  /** From the root; the last one is the leaf's own. */
  readonly path: readonly string[];
  readonly schema: Schema;
}

/** Every schema below this one, this one too. */
export function* schemasOf(schema: Schema, path: readonly string[] = []): Generator<Leaf> {
  yield { path, schema };
  for (const [name, property] of Object.entries(schema.properties ?? {})) yield* schemasOf(property, [...path, name]);
}

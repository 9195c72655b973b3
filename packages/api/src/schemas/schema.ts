/**
 * JSON schemas (2020-12) as TypeScript constants: one description serves the check of a request, the OpenAPI document and,
 * by `TypeOf`, the compiler. Only the keywords below are used, so that all three read them alike.
 */
export type Schema = StringSchema | NumberSchema | BooleanSchema | NullSchema | ArraySchema | ObjectSchema | UnionSchema;

interface Described {
  readonly description?: string;
}
export interface StringSchema extends Described {
  readonly type: 'string';
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
}
export interface NumberSchema extends Described {
  readonly type: 'integer' | 'number';
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}
export interface BooleanSchema extends Described {
  readonly type: 'boolean';
}
export interface NullSchema extends Described {
  readonly type: 'null';
}
export interface ArraySchema extends Described {
  readonly type: 'array';
  readonly items: Schema;
  readonly maxItems?: number;
}
export interface ObjectSchema extends Described {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required: readonly string[];
  /** False, in requests: what is not listed is refused. Absent, in answers: they may grow. A schema: any name, with values like this. */
  readonly additionalProperties?: false | Schema;
  readonly propertyNames?: { readonly pattern?: string; readonly maxLength: number };
  readonly maxProperties?: number;
  readonly minProperties?: number;
}
/** Of answers only: no request needs one, and errors of unions name no field. */
export interface UnionSchema extends Described {
  readonly oneOf: readonly Schema[];
}

/** The TypeScript type of what a schema admits; of a schema that is not known to the letter, `unknown`. */
export type TypeOf<S> =
  Schema extends S ? unknown
  : S extends { readonly oneOf: readonly (infer Branch)[] } ? TypeOf<Branch>
  : S extends { readonly type: 'string'; readonly enum: readonly (infer Word)[] } ? Word
  : S extends { readonly type: 'string' } ? string
  : S extends { readonly type: 'integer' | 'number' } ? number
  : S extends { readonly type: 'boolean' } ? boolean
  : S extends { readonly type: 'null' } ? null
  : S extends { readonly type: 'array'; readonly items: infer Item } ? readonly TypeOf<Item>[]
  : S extends { readonly type: 'object' } ? ObjectOf<S>
  : never;

type ObjectOf<S> =
  S extends { readonly additionalProperties: infer Values extends Schema } ? Readonly<Record<string, TypeOf<Values>>>
  : S extends { readonly properties: infer Properties; readonly required: readonly (infer Required)[] } ? {
      readonly [Name in keyof Properties as Name extends Required ? Name : never]: TypeOf<Properties[Name]>;
    } & {
      readonly [Name in keyof Properties as Name extends Required ? never : Name]?: TypeOf<Properties[Name]>;
    }
  : never;

/** An answer with all of its fields. */
export function record<const Properties extends Readonly<Record<string, Schema>>>(properties: Properties, description?: string) {
  const required = Object.keys(properties) as (keyof Properties & string)[];
  return { type: 'object', properties, required, ...(description === undefined ? {} : { description }) } as const;
}

/** A request: the fields named last must be there. */
export function request<const Properties extends Readonly<Record<string, Schema>>, const Required extends readonly (keyof Properties & string)[]>(
  properties: Properties,
  required: Required,
) {
  return { type: 'object', properties, required, additionalProperties: false } as const;
}

export function list<const Item extends Schema>(items: Item) {
  return { type: 'array', items } as const;
}

export function nullable<const Inner extends Schema>(inner: Inner) {
  return { oneOf: [inner, { type: 'null' }] } as const;
}

/** packages/wire: numbers, limits, types and codecs of escapes. */
import type { EmitContext } from './context.ts';
import type { Escape, Field } from './plan.ts';
import { header } from './text.ts';

export function emitEscapes(c: EmitContext): string {
  const { escapes } = c.plan;
  return [
    header('emit-escapes'),
    `import * as E from './enums.gen.ts';`,
    `import type { Reader } from '../reader.ts';`,
    `import type { Writer } from '../writer.ts';\n`,
    '/** What one escape is bounded by, and what it is called on the wire. */',
    'export interface EscapeForm {\n  readonly number: number;\n  readonly version: number;\n  readonly requestWordsMax: number;\n  readonly replyWordsMax: number;\n}\n',
    `export const ESCAPES = {\n${escapes.map((each) => `  '${each.name}': ${formOf(c, each)},`).join('\n')}\n} as const satisfies Readonly<Record<string, EscapeForm>>;\n`,
    'export type EscapeName = keyof typeof ESCAPES;\n',
    ...escapes.flatMap((each) => [typeOf(`${pascal(each.name)}Request`, each.request), typeOf(`${pascal(each.name)}Reply`, each.reply)]),
    tableOf('EscapeRequests', escapes, 'Request'),
    tableOf('EscapeReplies', escapes, 'Reply'),
    'export interface EscapeCodec<Request, Reply> {',
    '  encodeRequest(w: Writer, value: Request): void;\n  decodeRequest(r: Reader): Request;\n  encodeReply(w: Writer, value: Reply): void;\n  decodeReply(r: Reader): Reply;\n}\n',
    'export const ESCAPE_CODECS: { readonly [Name in EscapeName]: EscapeCodec<EscapeRequests[Name], EscapeReplies[Name]> } = {',
    ...escapes.map(codecOf),
    '};\n',
  ].join('\n');
}

function formOf(c: EmitContext, { name, version, requestWordsMax, replyWordsMax }: Escape): string {
  return `{ number: ${c.registry.escapes[name]}, version: ${version}, requestWordsMax: ${requestWordsMax}, replyWordsMax: ${replyWordsMax} }`;
}

function typeOf(name: string, fields: readonly Field[]): string {
  if (fields.length === 0) return `export type ${name} = Readonly<Record<string, never>>;\n`;
  return `export interface ${name} {\n${fields.map((field) => `  readonly ${field.name}: ${valueType(field)};`).join('\n')}\n}\n`;
}

function tableOf(name: string, escapes: readonly Escape[], suffix: string): string {
  return `export interface ${name} {\n${escapes.map((each) => `  readonly '${each.name}': ${pascal(each.name)}${suffix};`).join('\n')}\n}\n`;
}

function codecOf({ name, request, reply }: Escape): string {
  return [
    `  '${name}': {`,
    `    ${encoder('encodeRequest', request)}`,
    `    ${decoder('decodeRequest', request)}`,
    `    ${encoder('encodeReply', reply)}`,
    `    ${decoder('decodeReply', reply)}`,
    '  },',
  ].join('\n');
}

function encoder(name: string, fields: readonly Field[]): string {
  return fields.length === 0 ? `${name}() {},` : `${name}(w, value) { ${fields.map(write).join(' ')} },`;
}

function decoder(name: string, fields: readonly Field[]): string {
  return fields.length === 0 ? `${name}() { return {}; },` : `${name}(r) { return { ${fields.map((field) => `${field.name}: ${read(field)}`).join(', ')} }; },`;
}

function valueType({ type, optional }: Field): string {
  if (type.kind === 'enum') return `E.${type.name}`;
  if (type.kind === 'boolean') return 'boolean';
  return optional ? 'number | undefined' : 'number';
}

function write({ name, type, optional }: Field): string {
  if (type.kind === 'enum') return `w.u32(E.${type.name}Numbers[value.${name}] as number);`;
  return `w.${wordKind(type, optional)}(value.${name});`;
}

function read({ type, optional }: Field): string {
  if (type.kind === 'enum') return `r.enumValue(E.${type.name}Names) as E.${type.name}`;
  return `r.${wordKind(type, optional)}()`;
}

/** Numbers and enums alone: what has a length of its own would need a limit of its own. */
function wordKind(type: Field['type'], optional: boolean): string {
  if (optional) return 'optionalU64';
  if (type.kind === 'boolean') return 'bool';
  if (type.kind === 'f64') return 'f64';
  if (type.kind === 'int') return type.bits === 64 ? 'u64' : 'u32';
  throw new Error(`an escape has a field of kind ${type.kind}`);
}

/** `latency-class` -> `LatencyClass`. */
function pascal(name: string): string {
  return name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

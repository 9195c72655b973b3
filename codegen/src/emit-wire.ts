/** packages/wire: numbers, enum tables, dictionary types, encoders, and the guest's reply decoder. */
import type { EmitContext } from './context.ts';
import { allMembers, type Member, type Type } from './model.ts';
import type { Field } from './plan.ts';
import { header, joined, quoted } from './text.ts';
import { typeText } from './type-text.ts';

const HANDLE = (): string => 'HandleRef';

export function emitNumbers(c: EmitContext): string {
  const table = (name: string, numbers: Record<string, number>): string =>
    `export const ${name} = {\n${Object.entries(numbers).map(([key, value]) => `  '${key}': ${value},`).join('\n')}\n} as const;\n`;
  return [
    header('emit-wire'),
    '/** Hash of the pinned IDL: both ends put it into their logs when they differ. */',
    `export const IDL_HASH = '${c.idlHash}';\n`,
    '/** Attributes of GPUSupportedLimits, in the order of the specification. */',
    `export const LIMIT_NAMES = [\n${(c.model.interfaces.get('GPUSupportedLimits')?.attributes ?? []).map((each) => `  '${each.name}',`).join('\n')}\n] as const;\n`,
    table('OPCODES', c.registry.opcodes),
    table('RECORDED', c.registry.recorded),
    table('REPLIES', c.registry.replies),
  ].join('\n');
}

export function emitEnums(c: EmitContext): string {
  const out = [header('emit-wire')];
  for (const [name, values] of c.model.enums) {
    const numbers = c.registry.enums[name] ?? {};
    const byNumber: string[] = [];
    for (const [value, number] of Object.entries(numbers)) byNumber[number] = value;
    out.push(
      `export type ${name} = ${quoted(values)};`,
      `export const ${name}Names: readonly string[] = [${Array.from(byNumber, (value) => `'${value ?? ''}'`).join(', ')}];`,
      `export const ${name}Numbers: Readonly<Record<string, number>> = Object.assign(Object.create(null), { ${Object.entries(numbers).map(([v, n]) => `'${v}': ${n}`).join(', ')} });\n`,
    );
  }
  return out.join('\n');
}

export function emitTypes(c: EmitContext, options: { enumsFrom: string; reference: (face: string) => string; imports: string }): string {
  const out = [header('emit-wire'), options.imports, `import type * as E from '${options.enumsFrom}';`, `import type * as T from './types.gen.ts';\n`];
  for (const name of c.model.enums.keys()) out.push(`export type ${name} = E.${name};`);
  out.push('');
  for (const [name, dictionary] of c.model.dictionaries) {
    if (name === 'GPUUncapturedErrorEventInit' || name === 'GPUPipelineErrorInit') continue;
    out.push(`export interface ${name}${dictionary.parent === null ? '' : ` extends ${dictionary.parent}`} {`);
    for (const member of dictionary.own) {
      const optional = !member.required && member.defaultJs === undefined;
      const text = typeText(c, member.type, options.reference);
      out.push(`  readonly ${member.name}${optional ? '?' : ''}: ${text}${optional ? ' | undefined' : ''};`);
    }
    out.push('}\n');
  }
  return out.join('\n');
}

export function emitEncode(c: EmitContext): string {
  const out = [
    header('emit-wire'),
    `import * as E from './enums.gen.ts';`,
    `import type * as T from './types.gen.ts';`,
    `import type { WordRange } from '../reader.ts';`,
    `import type { HandleRef } from '../types.ts';`,
    `import type { Payload, Writer } from '../writer.ts';\n`,
  ];
  for (const name of c.plan.dictionaries) out.push(encodeDictionary(c, name));
  for (const packet of c.plan.packets) {
    const leading: string[] = [];
    if (packet.self !== null) leading.push('self');
    if (packet.request) leading.push('request');
    if (packet.result !== null) leading.push('result');
    out.push(encodePacket(c, 'encode', packet.name, c.registry.opcodes[packet.name], leading, packet.fields));
  }
  for (const reply of c.plan.replies) out.push(encodePacket(c, 'encode', reply.name, c.registry.replies[reply.name], [], reply.fields));
  for (const command of c.plan.recorded) out.push(encodeRecorded(c, command.name, command.fields));
  return out.join('\n');
}

function parameters(c: EmitContext, leading: readonly string[], fields: readonly Field[]): string {
  const params = ['w: Writer', ...leading.map((name) => `${name}: number`)];
  for (const field of fields) params.push(`${field.name}: ${typeText(c, field.type, HANDLE)}${field.optional ? ' | undefined' : ''}`);
  return params.join(', ');
}

function encodePacket(c: EmitContext, verb: string, name: string, opcode: number | undefined, leading: readonly string[], fields: readonly Field[]): string {
  // The words up to the first field of unknown length are stored at once.
  const stores = [`  words[at] = ${opcode};`];
  let offset = 2;
  for (const each of leading) stores.push(`  words[at + ${offset++}] = ${each};`);
  let fixedCount = 0;
  for (const field of fields) {
    const size = fixedWords(field);
    if (size === null) break;
    stores.push(...storeFixed(field, offset));
    offset += size;
    fixedCount++;
  }
  const body = [`  const at = w.reserve(${offset});`, '  const words = w.words;', ...stores];
  const rest = fields.slice(fixedCount);
  for (const field of rest) body.push(`  ${encodeValue(c, field.type, field.name, field.optional)}`);
  body.push(rest.length === 0 ? `  words[at + 1] = ${offset};` : '  w.end(at);');
  return `export function ${verb}${joined(name)}(${parameters(c, leading, fields)}): void {\n${body.join('\n')}\n}\n`;
}

function encodeDictionary(c: EmitContext, name: string): string {
  const numbers = c.registry.fields[name] ?? {};
  const members = [...allMembers(c.model, name)].sort((a, b) => (numbers[a.name] ?? 0) - (numbers[b.name] ?? 0));
  const body = members.map((member) => {
    const value = `d.${member.name}`;
    const set = `bits |= ${2 ** (numbers[member.name] ?? 0)}; ${encodeValue(c, member.type, value, false)}`;
    const condition = presentWhen(member, value);
    return condition === null ? `  ${set}` : `  if (${condition}) { ${set} }`;
  });
  return [
    `export function encode${name}(w: Writer, ${members.length === 0 ? '_' : ''}d: T.${name}): void {`,
    '  const at = w.reserve(1);',
    '  let bits = 0;',
    ...body,
    '  w.words[at] = bits;',
    '}\n',
  ].join('\n');
}

/** Members that equal their default stay away from the wire: the host's default is the same one. */
function presentWhen(member: Member, value: string): string | null {
  if (member.required) return null;
  if (member.defaultJs === undefined) return `${value} !== undefined`;
  if (member.defaultJs === '[]') return `${value}.length !== 0`;
  if (member.defaultJs === '{}') return member.type.kind === 'record' ? `${value}.length !== 0` : null;
  return `${value} !== ${member.defaultJs}`;
}

function encodeValue(c: EmitContext, type: Type, value: string, optional: boolean): string {
  if (optional) return `w.optionalU64(${value});`;
  switch (type.kind) {
    case 'boolean':
      return `w.bool(${value});`;
    case 'int':
      return type.bits === 64 ? `w.u64(${value});` : `w.u32(${value});`;
    case 'handle':
      return `w.u32(${value});`;
    case 'f32':
    case 'f64':
    case 'string':
    case 'payload':
      return `w.${type.kind}(${value});`;
    case 'words':
      return `w.block(${value});`;
    case 'enum':
      return `w.u32(E.${type.name}Numbers[${value}] as number);`;
    case 'dict':
      return `encode${type.name}(w, ${value});`;
    case 'interface':
      return `w.u32(${value}.handle);`;
    case 'nullable':
      return encodeNullable(c, type.of, value);
    case 'sequence':
      return `w.u32(${value}.length); for (let i = 0; i < ${value}.length; i++) { const each = ${value}[i] as ${typeText(c, type.of, HANDLE)}; ${encodeValue(c, type.of, 'each', false)} }`;
    case 'record':
      return `w.u32(${value}.length); for (const [key, each] of ${value}) { w.string(key); ${encodeValue(c, type.of, 'each', false)} }`;
    case 'union':
      return encodeUnion(c, type.name, value);
    case 'foreign':
      if (type.name === 'PredefinedColorSpace') return `w.string(${value});`;
      break;
    default:
      break;
  }
  throw new Error(`no encoding for a ${type.kind} (${JSON.stringify(type)})`);
}

function encodeNullable(c: EmitContext, of: Type, value: string): string {
  if (of.kind === 'interface') return `w.u32(${value} === null ? 0 : ${value}.handle);`;
  if (of.kind === 'enum') return `w.u32(${value} === null ? 0 : (E.${of.name}Numbers[${value}] as number));`;
  return `if (${value} === null) w.u32(0); else { w.u32(1); ${encodeValue(c, of, value, false)} }`;
}

function encodeUnion(c: EmitContext, name: string, value: string): string {
  const rule = c.overlay.unions[name];
  if (rule === undefined) throw new Error(`no wire form for union ${name}`);
  if (rule.optionalNumber === true) return `w.u64(${value});`;
  if (rule.interfaces === undefined && rule.dict !== undefined) return `encode${rule.dict}(w, ${value});`;
  if (rule.literal !== undefined) return `w.u32(${value} === '${rule.literal}' ? 0 : ${value}.handle);`;
  if (rule.dict !== undefined) {
    return `if ('handle' in ${value}) { w.u32(0); w.u32(${value}.handle); } else { w.u32(1); encode${rule.dict}(w, ${value}); }`;
  }
  return `w.u32(${value}.handle);`;
}

/** Words of a field whose size does not depend on its value, or null. */
function fixedWords(field: Field): number | null {
  const type = field.type;
  if (type.kind === 'int') return type.bits === 64 || field.optional ? 2 : 1;
  if (type.kind === 'boolean' || type.kind === 'f32' || type.kind === 'enum' || type.kind === 'interface' || type.kind === 'handle') return 1;
  if (type.kind === 'nullable' && type.of.kind === 'interface') return 1;
  return null;
}

const isWordList = (type: Type): boolean => type.kind === 'sequence' && type.of.kind === 'int' && type.of.bits === 32;

/**
 * Recorded commands are what a program calls most. Where the number of words is known beforehand there
 * is one look for room, then plain stores into one array.
 */
function encodeRecorded(c: EmitContext, name: string, fields: readonly Field[]): string {
  const op = c.registry.recorded[name] ?? 0;
  const last = fields.at(-1);
  const fixed = last !== undefined && isWordList(last.type) ? fields.slice(0, -1) : fields;
  const sizes = fixed.map(fixedWords);
  if (sizes.some((size) => size === null)) {
    const body = fields.map((field) => `  ${encodeValue(c, field.type, field.name, field.optional)}`);
    return `export function record${joined(name)}(${parameters(c, [], fields)}): void {\n  const at = w.beginCommand(${op});\n${body.join('\n')}\n  w.endCommand(at);\n}\n`;
  }
  const fixedTotal = 1 + (sizes as number[]).reduce((sum, size) => sum + size, 0);
  const stores: string[] = [];
  let offset = 1;
  for (const [index, field] of fixed.entries()) {
    stores.push(...storeFixed(field, offset));
    offset += sizes[index] ?? 0;
  }
  if (fixed === fields) return recordFixed(c, name, fields, op, fixedTotal, stores);
  return recordList(c, name, fields, op, fixedTotal, stores);
}

const ROOM = ['  const at = w.length;', '  if (end > w.words.length) w.grow(end);', '  w.length = end;', '  const words = w.words;'];

function recordFixed(c: EmitContext, name: string, fields: readonly Field[], op: number, total: number, stores: readonly string[]): string {
  const room = [ROOM[0], `  const end = at + ${total};`, ...ROOM.slice(1)];
  const body = [...room, `  words[at] = ${op + total * 0x10000};`, ...stores];
  return `export function record${joined(name)}(${parameters(c, [], fields)}): void {\n${body.join('\n')}\n}\n`;
}

/** The last field is a list of words, of which a part may be taken. */
function recordList(c: EmitContext, name: string, fields: readonly Field[], op: number, fixedTotal: number, stores: readonly string[]): string {
  const list = (fields.at(-1) as Field).name;
  const headWords = fixedTotal + 1;
  const body = [
    `  const total = ${headWords} + ${list}End - ${list}Begin;`,
    ROOM[0],
    '  const end = at + total;',
    ...ROOM.slice(1),
    `  words[at] = ${op} + (total << 16);`,
    ...stores,
    `  words[at + ${fixedTotal}] = total - ${headWords};`,
    `  for (let i = ${headWords}; i < total; i++) words[at + i] = ${list}[${list}Begin + i - ${headWords}] as number;`,
    `  if (total >= 0xffff) w.lengthenCommand(at, ${op});`,
  ];
  return `export function record${joined(name)}(${parameters(c, [], fields)}, ${list}Begin = 0, ${list}End = ${list}.length): void {\n${body.join('\n')}\n}\n`;
}

function storeFixed(field: Field, offset: number): string[] {
  const { name, type } = field;
  const slot = `words[at + ${offset}]`;
  const high = `words[at + ${offset + 1}]`;
  if (field.optional) {
    return [
      `  ${slot} = ${name} === undefined ? ${0xffffffff} : ${name} >>> 0;`,
      `  ${high} = ${name} === undefined ? ${0xffffffff} : ${name} > ${0xffffffff} ? ${name} / 0x100000000 : 0;`,
    ];
  }
  if (type.kind === 'f32') return [`  w.floats[at + ${offset}] = ${name};`];
  if (type.kind === 'boolean') return [`  ${slot} = ${name} ? 1 : 0;`];
  if (type.kind === 'enum') return [`  ${slot} = E.${type.name}Numbers[${name}] as number;`];
  if (type.kind === 'interface') return [`  ${slot} = ${name}.handle;`];
  if (type.kind === 'nullable') return [`  ${slot} = ${name} === null ? 0 : ${name}.handle;`];
  if (type.kind === 'int' && type.bits === 64) return [`  ${slot} = ${name} >>> 0;`, `  ${high} = ${name} > ${0xffffffff} ? ${name} / 0x100000000 : 0;`];
  return [`  ${slot} = ${name};`];
}

/** The guest's end of replies and events. */
export function emitReplies(c: EmitContext): string {
  const out = [header('emit-wire'), `import { GuestFault } from '@gpup/base';`, `import * as E from './enums.gen.ts';`, `import type { Reader } from '../reader.ts';\n`];
  out.push('export interface ReplyHandlers {');
  for (const reply of c.plan.replies) {
    const params = reply.fields.map((field) => `${field.name}: ${replyType(field.type)}`);
    out.push(`  '${reply.name}'(${params.join(', ')}): void;`);
  }
  out.push('}\n', 'export function dispatchReply(handlers: ReplyHandlers, opcode: number, r: Reader): void {', '  switch (opcode) {');
  for (const reply of c.plan.replies) {
    const names = reply.fields.map((field) => field.name);
    out.push(`    case ${c.registry.replies[reply.name]}: {`);
    for (const field of reply.fields) out.push(`      const ${field.name} = ${replyRead(field.type)};`);
    out.push('      r.close();', `      return handlers['${reply.name}'](${names.join(', ')});`, '    }');
  }
  out.push(`    default:`, `      throw new GuestFault('bad-opcode', \`A reply has the unknown opcode \${opcode}.\`);`, '  }', '}\n');
  return out.join('\n');
}

function replyType(type: Type): string {
  if (type.kind === 'string') return 'string';
  if (type.kind === 'payload') return 'Uint8Array';
  if (type.kind === 'sequence') return 'Uint32Array';
  if (type.kind === 'enum') return `E.${type.name}`;
  if (type.kind === 'nullable' && type.of.kind === 'enum') return `E.${type.of.name} | null`;
  return 'number';
}

function replyRead(type: Type): string {
  if (type.kind === 'string' || type.kind === 'payload') return `r.${type.kind}()`;
  if (type.kind === 'sequence') return 'r.u32Array()';
  if (type.kind === 'enum') return `r.enumValue(E.${type.name}Names) as E.${type.name}`;
  if (type.kind === 'nullable' && type.of.kind === 'enum') return `r.enumOrNull(E.${type.of.name}Names) as E.${type.of.name} | null`;
  return 'r.u32()';
}

/** packages/vf: dictionary decoders, the packet dispatcher and the recorded-command dispatcher. */
import type { EmitContext } from './context.ts';
import { allMembers, type Type } from './model.ts';
import type { Field, Packet } from './plan.ts';
import { header } from './text.ts';

/** Dictionaries that the ambient WebGPU types do not declare under this name. */
const OWN_SHAPE = new Set(['GPUOrigin3DDict', 'GPUExtent3DDict', 'GPUOrigin2DDict', 'GPUColorDict', 'GPURequestAdapterOptions']);

export function emitKinds(c: EmitContext): string {
  const kinds = c.plan.objects.map((name, index) => `  ${name}: ${index + 1},`);
  return [
    header('emit-vf'),
    '/** Kinds of object in the table of a VF. Private to a process: these numbers never cross the wire. */',
    `export const Kind = {\n${kinds.join('\n')}\n} as const;\n`,
    'export type KindName = keyof typeof Kind;',
    `export const KIND_NAMES: readonly string[] = ['', ${c.plan.objects.map((name) => `'${name}'`).join(', ')}];\n`,
  ].join('\n');
}

export function emitDecode(c: EmitContext): string {
  const out = [
    header('emit-vf'),
    '// Each decoder returns a dictionary that Dawn takes as it is: handles are resolved to native objects,',
    '// which the reader also notes down as references of the packet.',
    `import * as E from '@gpup/wire/enums';`,
    `import type { CommandReader } from '../command-reader.ts';`,
    `import { Kind } from './kinds.gen.ts';\n`,
    'type Draft = Record<string, unknown>;\n',
  ];
  for (const name of c.plan.dictionaries) out.push(decodeDictionary(c, name));
  return out.join('\n');
}

function dictionaryType(name: string): string {
  return OWN_SHAPE.has(name) ? 'Draft' : name;
}

function decodeDictionary(c: EmitContext, name: string): string {
  const numbers = c.registry.fields[name] ?? {};
  const members = [...allMembers(c.model, name)].sort((a, b) => (numbers[a.name] ?? 0) - (numbers[b.name] ?? 0));
  let known = 0;
  let required = 0;
  const body: string[] = [];
  for (const member of members) {
    const bit = 2 ** (numbers[member.name] ?? 0);
    known += bit;
    if (member.required) required += bit;
    body.push(`  if ((bits & ${bit}) !== 0) d['${member.name}'] = ${read(c, member.type)};`);
  }
  return [
    `export function decode${name}(r: CommandReader): ${dictionaryType(name)} {`,
    `  ${members.length === 0 ? '' : 'const bits = '}r.presence(${known}, ${required});`,
    '  const d: Draft = {};',
    ...body,
    `  return d as unknown as ${dictionaryType(name)};`,
    '}\n',
  ].join('\n');
}

function read(c: EmitContext, type: Type): string {
  switch (type.kind) {
    case 'boolean':
      return 'r.bool()';
    case 'int':
      return type.bits === 64 ? 'r.u64()' : type.signed ? 'r.i32()' : 'r.u32()';
    case 'handle':
      return 'r.u32()';
    case 'f32':
    case 'f64':
    case 'string':
    case 'payload':
      return `r.${type.kind}()`;
    case 'words':
      return 'r.block()';
    case 'enum':
      return `r.enumValue(E.${type.name}Names)`;
    case 'dict':
      return `decode${type.name}(r)`;
    case 'interface':
      return nativeOf(c, type.name);
    case 'nullable':
      if (type.of.kind === 'interface') return `r.nativeOrNull(Kind.${type.of.name})`;
      if (type.of.kind === 'enum') return `r.enumOrNull(E.${type.of.name}Names)`;
      return `r.bool() ? ${read(c, type.of)} : null`;
    case 'sequence':
      if (type.of.kind === 'int') return 'r.u32Array()';
      return `r.sequence(() => ${read(c, type.of)})`;
    case 'record':
      return `r.record(() => ${read(c, type.of)})`;
    case 'union':
      return readUnion(c, type.name);
    case 'foreign':
      if (type.name === 'PredefinedColorSpace') return 'r.string()';
      break;
    default:
      break;
  }
  throw new Error(`no decoding for a ${type.kind}`);
}

function nativeOf(c: EmitContext, name: string): string {
  return c.plan.objects.includes(name) ? `r.native(Kind.${name})` : 'r.noObject()';
}

function readUnion(c: EmitContext, name: string): string {
  const rule = c.overlay.unions[name];
  if (rule?.optionalNumber === true) return 'r.u64()';
  if (rule?.interfaces === undefined && rule?.dict !== undefined) return `decode${rule.dict}(r)`;
  switch (name) {
    case 'TextureOrView':
      return 'r.textureOrView()';
    case 'LayoutOrAuto':
      return 'r.layoutOrAuto()';
    case 'GPUBindingResource':
      return 'r.bindingResource(decodeGPUBufferBinding)';
    default:
      throw new Error(`no decoding for union ${name}`);
  }
}

/** Arguments keep the table's record where they are objects: handlers check usages by it. */
function argumentRead(c: EmitContext, field: Field): string {
  const { type } = field;
  if (field.optional) return 'r.optionalU64()';
  if (type.kind === 'interface') return `r.known<${type.name}>(Kind.${type.name})`;
  if (type.kind === 'nullable' && type.of.kind === 'interface') return `r.knownOrNull<${type.of.name}>(Kind.${type.of.name})`;
  if (type.kind === 'sequence' && type.of.kind === 'interface') return `r.sequence(() => r.known<${type.of.name}>(Kind.${type.of.name}))`;
  return castRead(c, type);
}

function castRead(c: EmitContext, type: Type): string {
  const text = type.kind === 'dict' ? `D.${read(c, type)}` : type.kind === 'union' ? read(c, type).replace(/^decode/, 'D.decode') : read(c, type);
  return type.kind === 'enum' ? `${text} as ${type.name}` : text;
}

function argumentType(c: EmitContext, field: Field): string {
  const { type } = field;
  switch (type.kind) {
    case 'boolean':
      return 'boolean';
    case 'string':
      return 'string';
    case 'enum':
      return type.name;
    case 'dict':
      return dictionaryType(type.name);
    case 'payload':
      return 'Uint8Array';
    case 'words':
      return 'WordRange';
    case 'interface':
      return `Known<${type.name}>`;
    case 'nullable':
      return type.of.kind === 'interface' ? `Known<${type.of.name}> | null` : `${argumentType(c, { ...field, type: type.of })} | null`;
    case 'sequence':
      return type.of.kind === 'int' ? 'Uint32Array' : type.of.kind === 'interface' ? `Known<${type.of.name}>[]` : `${argumentType(c, { ...field, type: type.of })}[]`;
    case 'union':
      return 'Draft';
    default:
      return field.optional ? 'number | undefined' : 'number';
  }
}

export function emitDispatch(c: EmitContext): string {
  const out = [
    header('emit-vf'),
    `import { GuestFault } from '@gpup/base';`,
    `import * as E from '@gpup/wire/enums';`,
    `import type { WordRange } from '@gpup/wire';`,
    `import type { CommandReader } from '../command-reader.ts';`,
    `import type { Known } from '../object-table.ts';`,
    ...Object.keys(c.overlay.objects).map((name) => `import type { ${name} } from '../objects/${kebab(name)}.ts';`),
    `import * as D from './decode.gen.ts';`,
    `import { Kind } from './kinds.gen.ts';\n`,
    'type Draft = Record<string, unknown>;\n',
    '/** One handler for each packet a guest can send: a packet that nobody handles does not compile. */',
    'export interface Handlers {',
  ];
  for (const packet of c.plan.packets) {
    const params = [...leading(packet).map(([name, type]) => `${name}: ${type}`), ...packet.fields.map((field) => `${field.name}: ${argumentType(c, field)}`)];
    out.push(`  '${packet.name}'(${params.join(', ')}): void;`);
  }
  out.push('}\n', '/** Decodes one whole packet, whose header has been read, and hands it to its handler. */');
  out.push('export function dispatch(handlers: Handlers, opcode: number, r: CommandReader): void {', '  switch (opcode) {');
  for (const packet of c.plan.packets) {
    out.push(`    case ${c.registry.opcodes[packet.name]}: {`);
    if (packet.self !== null) out.push(`      const self = r.known<${packet.self}>(Kind.${packet.self});`);
    if (packet.request) out.push('      const request = r.u32();');
    if (packet.result !== null) out.push('      const result = r.fresh();');
    for (const field of packet.fields) out.push(`      const ${field.name} = ${argumentRead(c, field)};`);
    const names = [...leading(packet).map(([name]) => name), ...packet.fields.map((field) => field.name)];
    out.push('      r.close();', `      return handlers['${packet.name}'](${names.join(', ')});`, '    }');
  }
  out.push('    default:', '      throw new GuestFault(\'bad-opcode\', `A packet has the unknown opcode ${opcode}.`);', '  }', '}\n');
  out.push('/** One method for each command that an encoder can record. */', 'export interface RecordedHandlers {');
  for (const command of c.plan.recorded) {
    out.push(`  '${command.name}'(${command.fields.map((field) => `${field.name}: ${argumentType(c, field)}`).join(', ')}): void;`);
  }
  out.push('}\n', 'export function dispatchRecorded(handlers: RecordedHandlers, op: number, r: CommandReader): void {', '  switch (op) {');
  for (const command of c.plan.recorded) {
    out.push(`    case ${c.registry.recorded[command.name]}: {`);
    for (const field of command.fields) out.push(`      const ${field.name} = ${argumentRead(c, field)};`);
    out.push('      r.close();', `      return handlers['${command.name}'](${command.fields.map((field) => field.name).join(', ')});`, '    }');
  }
  out.push('    default:', '      throw new GuestFault(\'bad-command\', `A recorded command has the unknown number ${op}.`);', '  }', '}\n');
  return out.join('\n');
}

function kebab(name: string): string {
  return name.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}

function leading(packet: Packet): [string, string][] {
  const out: [string, string][] = [];
  if (packet.self !== null) out.push(['self', `Known<${packet.self}>`]);
  if (packet.request) out.push(['request', 'number']);
  if (packet.result !== null) out.push(['result', 'number']);
  return out;
}

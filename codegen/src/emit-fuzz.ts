/** packages/fuzz: every field of every packet and recorded command as data, for mutation and for the reference decoder. */
import type { EmitContext } from './context.ts';
import { allMembers, type Type } from './model.ts';
import type { Field } from './plan.ts';
import { header } from './text.ts';

export function emitSchema(c: EmitContext): string {
  const out = [
    header('emit-fuzz'),
    `import type { DictionarySchema, PacketSchema, RecordedSchema } from '../schema.ts';\n`,
    'export const PACKETS: readonly PacketSchema[] = [',
  ];
  for (const packet of c.plan.packets) {
    const fields = packet.fields.map((field) => fieldText(c, field)).join(', ');
    const heads = `self: ${textOrNull(packet.self)}, request: ${packet.request}, result: ${textOrNull(packet.result)}`;
    out.push(`  { name: '${packet.name}', opcode: ${c.registry.opcodes[packet.name]}, ${heads}, fields: [${fields}] },`);
  }
  out.push('];\n', 'export const RECORDED_COMMANDS: readonly RecordedSchema[] = [');
  for (const command of c.plan.recorded) {
    const fields = command.fields.map((field) => fieldText(c, field)).join(', ');
    out.push(`  { name: '${command.name}', op: ${c.registry.recorded[command.name]}, fields: [${fields}] },`);
  }
  out.push('];\n', '/** Fields by rising number: the order on the wire. */', 'export const DICTIONARIES: Readonly<Record<string, DictionarySchema>> = {');
  for (const name of c.plan.dictionaries) out.push(dictionaryText(c, name));
  out.push('};\n');
  return out.join('\n');
}

function textOrNull(text: string | null): string {
  return text === null ? 'null' : `'${text}'`;
}

function fieldText(c: EmitContext, field: Field): string {
  const type = field.optional ? `{ kind: 'optional-u64' }` : typeOf(c, field.type);
  return `{ name: '${field.name}', type: ${type} }`;
}

function dictionaryText(c: EmitContext, name: string): string {
  const numbers = c.registry.fields[name] ?? {};
  const members = [...allMembers(c.model, name)].sort((a, b) => (numbers[a.name] ?? 0) - (numbers[b.name] ?? 0));
  const fields = members.map(
    (member) => `{ name: '${member.name}', number: ${numbers[member.name]}, required: ${member.required}, type: ${typeOf(c, member.type)} }`,
  );
  return `  ${name}: { fields: [${fields.join(', ')}] },`;
}

function typeOf(c: EmitContext, type: Type): string {
  switch (type.kind) {
    case 'boolean':
      return `{ kind: 'bool' }`;
    case 'int':
      return type.bits === 64 ? `{ kind: 'u64' }` : type.signed ? `{ kind: 'i32' }` : `{ kind: 'u32' }`;
    case 'handle':
    case 'f32':
    case 'f64':
    case 'string':
    case 'payload':
      return `{ kind: '${type.kind}' }`;
    case 'words':
      return `{ kind: 'commands' }`;
    case 'enum':
      return `{ kind: 'enum', count: ${c.model.enums.get(type.name)?.length} }`;
    case 'dict':
      return `{ kind: 'dict', name: '${type.name}' }`;
    case 'interface':
      return objectType(c, type.name, 'object');
    case 'nullable':
      if (type.of.kind === 'interface') return objectType(c, type.of.name, 'object-or-null');
      if (type.of.kind === 'enum') return `{ kind: 'enum-or-null', count: ${c.model.enums.get(type.of.name)?.length} }`;
      return `{ kind: 'nullable', of: ${typeOf(c, type.of)} }`;
    case 'sequence':
      return type.of.kind === 'int' ? `{ kind: 'u32-array' }` : `{ kind: 'sequence', of: ${typeOf(c, type.of)} }`;
    case 'record':
      return `{ kind: 'record', of: ${typeOf(c, type.of)} }`;
    case 'union':
      return unionType(c, type.name);
    case 'foreign':
      if (type.name === 'PredefinedColorSpace') return `{ kind: 'string' }`;
      break;
    default:
      break;
  }
  throw new Error(`no schema for a ${type.kind}`);
}

function objectType(c: EmitContext, name: string, kind: 'object' | 'object-or-null'): string {
  return c.plan.objects.includes(name) ? `{ kind: '${kind}', of: '${name}' }` : `{ kind: 'no-object' }`;
}

function unionType(c: EmitContext, name: string): string {
  const rule = c.overlay.unions[name];
  if (rule?.optionalNumber === true) return `{ kind: 'u64' }`;
  if (rule?.interfaces === undefined && rule?.dict !== undefined) return `{ kind: 'dict', name: '${rule.dict}' }`;
  switch (name) {
    case 'TextureOrView':
      return `{ kind: 'texture-or-view' }`;
    case 'LayoutOrAuto':
      return `{ kind: 'layout-or-auto' }`;
    case 'GPUBindingResource':
      return `{ kind: 'binding-resource' }`;
    default:
      throw new Error(`no schema for union ${name}`);
  }
}

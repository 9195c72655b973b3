/** packages/vf: where a packet's payload stands, for whoever has to know before the packet is executed. */
import type { EmitContext } from './context.ts';
import { allMembers, type Type } from './model.ts';
import { type Packet, unionDictionary } from './plan.ts';
import { header } from './text.ts';

export function emitPayload(c: EmitContext): string {
  const packets = c.plan.packets.filter(({ fields }) => fields.some(({ type }) => type.kind === 'payload'));
  const dictionaries = new Set(packets.flatMap(({ fields }) => fields.map(({ type }) => dictionaryOf(c, type)).filter((name) => name !== null)));
  return [
    header('emit-payload'),
    `import type { Reader } from '@gpup/wire';\n`,
    ...[...dictionaries].map((name) => skipper(c, name)),
    '/**',
    ' * The index of the word in which a packet\'s payload begins (its length, and then where it is), or -1 for a',
    ' * packet without payload. Throws a GuestFault where the fields before do not add up.',
    ' */',
    'export function payloadAt(opcode: number, r: Reader): number {',
    '  switch (opcode) {',
    ...packets.map((packet) => caseOf(c, packet)),
    '    default:',
    '      return -1;',
    '  }',
    '}\n',
  ].join('\n');
}

function caseOf(c: EmitContext, packet: Packet): string {
  const before = packet.fields.slice(0, -1);
  if (packet.fields.at(-1)?.type.kind !== 'payload' || before.some(({ type }) => type.kind === 'payload')) {
    throw new Error(`${packet.name} has a payload that is not its last field`);
  }
  const out: string[] = [];
  let fixed = (packet.self === null ? 0 : 1) + (packet.request ? 1 : 0) + (packet.result === null ? 0 : 1);
  for (const field of before) {
    const dictionary = dictionaryOf(c, field.type);
    if (dictionary === null) {
      fixed += field.optional ? 2 : wordsOf(field.type);
      continue;
    }
    if (fixed > 0) out.push(`r.take(${fixed});`);
    fixed = 0;
    out.push(`skip${dictionary}(r);`);
  }
  if (fixed > 0) out.push(`r.take(${fixed});`);
  return `    case ${c.registry.opcodes[packet.name]}:\n${[...out, 'return r.position;'].map((line) => `      ${line}`).join('\n')}`;
}

/** The dictionary that a field crosses as, if it does. */
function dictionaryOf(c: EmitContext, type: Type): string | null {
  if (type.kind === 'dict') return type.name;
  return type.kind === 'union' ? (unionDictionary(c.model, c.overlay, type.name)?.name ?? null) : null;
}

function skipper(c: EmitContext, name: string): string {
  const numbers = c.registry.fields[name] ?? {};
  let known = 0;
  let required = 0;
  const sizes: string[] = [];
  for (const member of allMembers(c.model, name)) {
    const bit = 2 ** (numbers[member.name] ?? 0);
    known += bit;
    if (member.required) required += bit;
    sizes.push(`((bits & ${bit}) === 0 ? 0 : ${wordsOf(member.type)})`);
  }
  return `function skip${name}(r: Reader): void {\n  const bits = r.presence(${known}, ${required});\n  r.take(${sizes.join(' + ')});\n}\n`;
}

function wordsOf(type: Type): number {
  switch (type.kind) {
    case 'boolean':
    case 'handle':
    case 'enum':
    case 'interface':
      return 1;
    case 'int':
      return type.bits === 64 ? 2 : 1;
    default:
      throw new Error(`a field in front of a payload is of kind ${type.kind}`);
  }
}

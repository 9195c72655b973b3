import { DICTIONARIES, PACKETS, RECORDED_COMMANDS } from './generated/schema.gen.ts';
import type { DictionarySchema, PacketSchema, RecordedSchema } from './schema.ts';

/** By opcode and by number of recorded command. */
export const PACKET_BY_OPCODE: ReadonlyMap<number, PacketSchema> = new Map(PACKETS.map((packet) => [packet.opcode, packet]));
export const PACKET_BY_NAME: ReadonlyMap<string, PacketSchema> = new Map(PACKETS.map((packet) => [packet.name, packet]));
export const RECORDED_BY_OP: ReadonlyMap<number, RecordedSchema> = new Map(RECORDED_COMMANDS.map((command) => [command.op, command]));
export const RECORDED_BY_NAME: ReadonlyMap<string, RecordedSchema> = new Map(RECORDED_COMMANDS.map((command) => [command.name, command]));

export interface PresenceMasks {
  readonly known: number;
  readonly required: number;
}

const masks = new Map<string, PresenceMasks>();
for (const [name, { fields }] of Object.entries(DICTIONARIES)) {
  let known = 0;
  let required = 0;
  for (const field of fields) {
    known |= 2 ** field.number;
    if (field.required) required |= 2 ** field.number;
  }
  masks.set(name, { known, required });
}

export function dictionary(name: string): DictionarySchema {
  return DICTIONARIES[name] as DictionarySchema;
}

export function presenceMasks(name: string): PresenceMasks {
  return masks.get(name) as PresenceMasks;
}

/** Rows of the report that are no packet and no command. */
export const UNKNOWN_OPCODE = '(unknown opcode)';
export const UNKNOWN_COMMAND = '(unknown command)';

/** Where each recorded command may stand. */
export type CommandScope = 'encoder' | 'opened' | 'compute' | 'render' | 'draws' | 'bindings' | 'any';

export function scopeOf(command: string): CommandScope {
  const [owner] = command.split('.') as [string];
  switch (owner) {
    case 'GPUCommandEncoder':
      return 'encoder';
    case 'GPUComputePassEncoder':
      return 'compute';
    case 'GPURenderPassEncoder':
      return 'render';
    case 'RecordedPass':
      return 'opened';
    case 'GPURenderCommandsMixin':
      return 'draws';
    case 'GPUBindingCommandsMixin':
      return 'bindings';
    default:
      return 'any';
  }
}

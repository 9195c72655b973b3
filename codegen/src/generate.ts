/** IDL and overlay in; every generated file and the registry out, by path. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EmitContext } from './context.ts';
import { emitEscapes } from './emit-escapes.ts';
import { emitSchema } from './emit-fuzz.ts';
import { emitConvert, emitImpl, emitInterfaces } from './emit-umd.ts';
import { emitPayload } from './emit-payload.ts';
import { emitDecode, emitDispatch, emitKinds } from './emit-vf.ts';
import { emitEncode, emitEnums, emitNumbers, emitReplies, emitTypes } from './emit-wire.ts';
import { parseModel } from './model.ts';
import { type Overlay, planWire } from './plan.ts';
import { extendRegistry, type Registry } from './registry.ts';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

export function generate(): Map<string, string> {
  const idl = read('idl/webgpu.idl');
  const overlay = JSON.parse(read('idl/wire.json')) as Overlay;
  const model = parseModel(idl, { objects: Object.keys(overlay.objects), enums: overlay.enums });
  const empty: Registry = { opcodes: {}, recorded: {}, replies: {}, enums: {}, fields: {}, escapes: {} };
  const committed = existsSync(join(root, 'idl/registry.json')) ? (JSON.parse(read('idl/registry.json')) as Partial<Registry>) : {};
  const registry: Registry = { ...empty, ...committed };
  const plan = planWire(model, overlay);
  extendRegistry(registry, model, plan);
  const idlHash = createHash('sha256').update(idl).digest('hex').slice(0, 16);
  const c: EmitContext = { model, overlay, plan, registry, idlHash };
  return new Map([
    ['idl/registry.json', `${JSON.stringify(registry, null, 2)}\n`],
    ['packages/wire/src/generated/numbers.gen.ts', emitNumbers(c)],
    ['packages/wire/src/generated/enums.gen.ts', emitEnums(c)],
    [
      'packages/wire/src/generated/types.gen.ts',
      emitTypes(c, { enumsFrom: './enums.gen.ts', reference: () => 'HandleRef', imports: `import type { HandleRef } from '../types.ts';` }),
    ],
    ['packages/wire/src/generated/encode.gen.ts', emitEncode(c)],
    ['packages/wire/src/generated/replies.gen.ts', emitReplies(c)],
    ['packages/wire/src/generated/escapes.gen.ts', emitEscapes(c)],
    ['packages/vf/src/generated/kinds.gen.ts', emitKinds(c)],
    ['packages/vf/src/generated/decode.gen.ts', emitDecode(c)],
    ['packages/vf/src/generated/dispatch.gen.ts', emitDispatch(c)],
    ['packages/vf/src/generated/payload.gen.ts', emitPayload(c)],
    [
      'packages/umd/src/generated/types.gen.ts',
      emitTypes(c, { enumsFrom: '@gpup/wire/enums', reference: (face) => `I.${face}Impl`, imports: `import type * as I from './impl.gen.ts';` }),
    ],
    ['packages/umd/src/generated/impl.gen.ts', emitImpl(c)],
    ['packages/umd/src/generated/convert.gen.ts', emitConvert(c)],
    ['packages/umd/src/generated/interfaces.gen.ts', emitInterfaces(c)],
    ['packages/fuzz/src/generated/schema.gen.ts', emitSchema(c)],
  ]);
}

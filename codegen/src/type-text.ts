/** TypeScript types of normalized values: what Web IDL conversion leaves and what the encoders take. */
import type { EmitContext } from './context.ts';
import type { Type } from './model.ts';

/** `reference` names the type of an interface value: a handle on the wire, a driver object in the guest. */
export function typeText(c: EmitContext, type: Type, reference: (face: string) => string): string {
  const text = (inner: Type): string => typeText(c, inner, reference);
  switch (type.kind) {
    case 'undefined':
      return 'undefined';
    case 'any':
      return 'unknown';
    case 'boolean':
      return 'boolean';
    case 'int':
    case 'f32':
    case 'f64':
    case 'handle':
      return 'number';
    case 'string':
      return 'string';
    case 'enum':
    case 'dict':
      return `T.${type.name}`;
    case 'interface':
      return reference(type.name);
    case 'nullable':
      return `${text(type.of)} | null`;
    case 'promise':
      return `Promise<${text(type.of)}>`;
    case 'frozen':
      return `readonly ${text(type.of)}[]`;
    case 'sequence':
      return type.of.kind === 'int' ? 'ArrayLike<number>' : `readonly (${text(type.of)})[]`;
    case 'record':
      return `readonly (readonly [string, ${text(type.of)}])[]`;
    case 'payload':
      return 'Payload';
    case 'words':
      return 'WordRange';
    case 'union':
      return unionText(c, type.name, reference);
    case 'foreign':
      return FOREIGN[type.name] ?? 'unknown';
  }
}

const FOREIGN: Readonly<Record<string, string>> = {
  ArrayBuffer: 'ArrayBuffer',
  AllowSharedBufferSource: 'BufferSource',
  Uint32Array: 'Uint32Array',
  PredefinedColorSpace: 'string',
  EventHandler: 'unknown',
};

function unionText(c: EmitContext, name: string, reference: (face: string) => string): string {
  const rule = c.overlay.unions[name];
  if (rule === undefined) return 'unknown';
  if (rule.optionalNumber === true) return 'number';
  const parts = [...new Set((rule.interfaces ?? []).filter((face) => c.model.interfaces.has(face)).map(reference))];
  if (rule.dict !== undefined) parts.push(`T.${rule.dict}`);
  if (rule.literal !== undefined) parts.push(`'${rule.literal}'`);
  return parts.join(' | ');
}

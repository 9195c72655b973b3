/** What crosses the wire, and how: the IDL's methods by rule, the overlay's exceptions by name. */
import type { Argument, Dictionary, Interface, Method, Model, Type } from './model.ts';
import { allMembers } from './model.ts';

export interface Overlay {
  readonly unions: Readonly<Record<string, UnionRule>>;
  readonly encoders: readonly string[];
  /** Kinds of object that exist on the wire and not in the IDL. */
  readonly objects: Readonly<Record<string, { readonly why: string }>>;
  readonly handwritten: Readonly<Record<string, string>>;
  readonly methods: Readonly<Record<string, MethodRule>>;
  readonly commands: Readonly<Record<string, MethodRule>>;
  readonly recorded: Readonly<Record<string, MethodRule>>;
  readonly replies: Readonly<Record<string, MethodRule>>;
  readonly enums: Readonly<Record<string, EnumRule>>;
  readonly escapes: Readonly<Record<string, EscapeRule>>;
}

export interface EnumRule {
  readonly values: readonly string[];
  readonly why: string;
}

export interface EscapeRule {
  /** Fields are appended with a higher version, never changed. */
  readonly version: number;
  readonly requestWordsMax: number;
  readonly replyWordsMax: number;
  readonly request: readonly string[];
  readonly reply: readonly string[];
  readonly why: string;
}

export interface UnionRule {
  readonly dict?: string;
  readonly sequence?: readonly string[];
  readonly countMin?: number;
  readonly interfaces?: readonly string[];
  readonly literal?: string;
  readonly optionalNumber?: boolean;
  readonly why: string;
}

export interface MethodRule {
  readonly local?: boolean;
  readonly self?: string | null;
  /** Null: what the method returns is no object of the host. A name: the kind of object that a command creates. */
  readonly result?: string | null;
  readonly args?: readonly string[];
  readonly why: string;
}

export interface Field {
  readonly name: string;
  readonly type: Type;
  /** An absent optional number is sent as a sentinel that no present value has. */
  readonly optional: boolean;
}

export interface Packet {
  readonly name: string;
  readonly self: string | null;
  /** Interface of the object that the packet creates under a guest-chosen handle. */
  readonly result: string | null;
  readonly request: boolean;
  readonly fields: readonly Field[];
}

export interface Escape {
  readonly name: string;
  readonly version: number;
  readonly requestWordsMax: number;
  readonly replyWordsMax: number;
  readonly request: readonly Field[];
  readonly reply: readonly Field[];
}

export interface Plan {
  readonly packets: readonly Packet[];
  readonly recorded: readonly { readonly name: string; readonly fields: readonly Field[] }[];
  readonly replies: readonly { readonly name: string; readonly fields: readonly Field[] }[];
  readonly escapes: readonly Escape[];
  /** Dictionaries that cross, in dependency order of discovery. */
  readonly dictionaries: readonly string[];
  /** Kinds of object in the host's table. */
  readonly objects: readonly string[];
}

export function planWire(model: Model, overlay: Overlay): Plan {
  const packets: Packet[] = [];
  const recorded = new Map<string, { name: string; fields: readonly Field[] }>();
  const used = new Set<string>();
  for (const face of model.interfaces.values()) {
    if (face.name in overlay.handwritten) continue;
    for (const method of face.methods) {
      const name = `${method.declaredBy}.${method.name}`;
      const rule = overlay.methods[name];
      if (rule !== undefined) used.add(name);
      if (rule?.local === true) continue;
      if (overlay.encoders.includes(face.name) && method.name !== 'finish') {
        recorded.set(name, { name, fields: fieldsOf(model, method, rule) });
      } else {
        packets.push(packetOf(model, face, method, rule));
      }
    }
  }
  for (const name of Object.keys(overlay.methods)) {
    if (!used.has(name)) throw new Error(`overlay method ${name} is not in the IDL`);
  }
  for (const [name, rule] of Object.entries(overlay.commands)) {
    packets.push({ name, self: rule.self ?? null, result: rule.result ?? null, request: false, fields: overlayFields(model, rule) });
  }
  for (const [name, rule] of Object.entries(overlay.recorded)) recorded.set(name, { name, fields: overlayFields(model, rule) });
  const replies = Object.entries(overlay.replies).map(([name, rule]) => ({ name, fields: overlayFields(model, rule) }));
  const all = [...packets, ...recorded.values(), ...replies];
  return {
    packets,
    recorded: [...recorded.values()],
    replies,
    escapes: Object.entries(overlay.escapes).map(([name, rule]) => escapeOf(model, name, rule)),
    dictionaries: reachableDictionaries(model, overlay, all.flatMap((item) => item.fields.map((field) => field.type))),
    objects: [...new Set(packets.flatMap((packet) => [packet.self, packet.result]).filter((name) => name !== null))],
  };
}

function escapeOf(model: Model, name: string, rule: EscapeRule): Escape {
  const { version, requestWordsMax, replyWordsMax } = rule;
  return { name, version, requestWordsMax, replyWordsMax, request: fieldsIn(model, rule.request), reply: fieldsIn(model, rule.reply) };
}

function packetOf(model: Model, face: Interface, method: Method, rule: MethodRule | undefined): Packet {
  const returns = method.overloads[0]?.returns;
  if (returns === undefined) throw new Error(`${face.name}.${method.name} has no signature`);
  const inner = returns.kind === 'promise' ? returns.of : returns;
  const value = inner.kind === 'nullable' ? inner.of : inner;
  const creates = value.kind === 'interface' && value.name !== 'GPUCompilationInfo' && value.name !== 'GPUError';
  return {
    name: `${face.name}.${method.name}`,
    self: rule?.self === undefined ? face.name : rule.self,
    result: creates && rule?.result !== null ? value.name : null,
    request: returns.kind === 'promise',
    fields: fieldsOf(model, method, rule),
  };
}

function fieldsOf(model: Model, method: Method, rule: MethodRule | undefined): readonly Field[] {
  if (rule?.args !== undefined) return overlayFields(model, rule);
  if (method.overloads.length !== 1) throw new Error(`${method.declaredBy}.${method.name} is overloaded: the overlay must say how it crosses`);
  return (method.overloads[0]?.args ?? []).map((arg: Argument) => ({
    name: arg.name,
    type: arg.type,
    optional: arg.optional && arg.defaultJs === undefined,
  }));
}

function overlayFields(model: Model, rule: MethodRule): readonly Field[] {
  return fieldsIn(model, rule.args ?? []);
}

function fieldsIn(model: Model, texts: readonly string[]): readonly Field[] {
  return texts.map((text) => {
    const [name, typeText] = text.split(': ') as [string, string];
    const type = model.parseType(typeText);
    if (type.kind === 'nullable' && type.of.kind === 'int') return { name, type: type.of, optional: true };
    return { name, type, optional: false };
  });
}

function reachableDictionaries(model: Model, overlay: Overlay, roots: readonly Type[]): readonly string[] {
  const found = new Set<string>();
  const visit = (type: Type): void => {
    if ('of' in type) visit(type.of);
    if (type.kind === 'union') {
      const dict = overlay.unions[type.name]?.dict;
      if (dict !== undefined) visit({ kind: 'dict', name: dict });
    }
    if (type.kind !== 'dict' || found.has(type.name)) return;
    found.add(type.name);
    for (const member of allMembers(model, type.name)) visit(member.type);
  };
  for (const root of roots) visit(root);
  return [...found];
}

/** The dictionary that a union's values are normalized to, or null where it stays a union. */
export function unionDictionary(model: Model, overlay: Overlay, name: string): Dictionary | null {
  const rule = overlay.unions[name];
  if (rule?.dict === undefined || rule.interfaces !== undefined) return null;
  return model.dictionaries.get(rule.dict) ?? null;
}

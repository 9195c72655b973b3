/** The pinned WebGPU IDL as plain data: mixins and partials merged, typedefs resolved, unions named. */
import { parse } from 'webidl2';
import type * as webidl2 from 'webidl2';

export type IntegerMode = 'enforce' | 'clamp' | 'wrap';

export type Type =
  | { readonly kind: 'undefined' | 'boolean' | 'f32' | 'f64' | 'any' }
  | { readonly kind: 'int'; readonly bits: 16 | 32 | 64; readonly signed: boolean; readonly mode: IntegerMode }
  | { readonly kind: 'string'; readonly usv: boolean }
  | { readonly kind: 'enum' | 'dict' | 'interface'; readonly name: string }
  | { readonly kind: 'sequence' | 'nullable' | 'promise' | 'frozen'; readonly of: Type }
  | { readonly kind: 'record'; readonly usvKey: boolean; readonly of: Type }
  /** A union that the overlay knows by this name. */
  | { readonly kind: 'union'; readonly name: string }
  /** A type from another specification: buffer sources, DOM objects, event handlers. */
  | { readonly kind: 'foreign'; readonly name: string }
  /** Overlay only: bytes that travel beside or inside a packet; raw words up to the packet's end. */
  | { readonly kind: 'payload' | 'words' | 'handle' };

export interface Member {
  readonly name: string;
  readonly type: Type;
  readonly required: boolean;
  /** The IDL default as a JavaScript literal, or undefined where there is none. */
  readonly defaultJs: string | undefined;
}

export interface Dictionary {
  readonly name: string;
  readonly parent: string | null;
  /** Own members only, in lexicographical order: the order in which Web IDL reads them. */
  readonly own: readonly Member[];
}

export interface Argument extends Member {
  readonly optional: boolean;
}

export interface Signature {
  readonly args: readonly Argument[];
  readonly returns: Type;
}

export interface Method {
  readonly name: string;
  /** The interface or mixin that declares it: commands of a mixin share one number. */
  readonly declaredBy: string;
  readonly overloads: readonly Signature[];
}

export interface Attribute {
  readonly name: string;
  readonly type: Type;
  readonly readonly: boolean;
  readonly declaredBy: string;
}

export interface Interface {
  readonly name: string;
  readonly parent: string | null;
  readonly attributes: readonly Attribute[];
  readonly methods: readonly Method[];
  readonly setlike: boolean;
}

export interface Model {
  readonly enums: ReadonlyMap<string, readonly string[]>;
  readonly dictionaries: ReadonlyMap<string, Dictionary>;
  readonly interfaces: ReadonlyMap<string, Interface>;
  readonly namespaces: ReadonlyMap<string, ReadonlyMap<string, number>>;
  typeOf(idl: webidl2.IDLTypeDescription): Type;
  /** Parses a type written in an overlay: an IDL name or a wire primitive. */
  parseType(text: string): Type;
}

const INTEGERS: Readonly<Record<string, { bits: 16 | 32 | 64; signed: boolean }>> = {
  'unsigned short': { bits: 16, signed: false },
  'unsigned long': { bits: 32, signed: false },
  long: { bits: 32, signed: true },
  'unsigned long long': { bits: 64, signed: false },
};

/** Unions of the specification that have no typedef, by the text of their members. */
const ANONYMOUS_UNIONS: Readonly<Record<string, string>> = {
  'GPUTexture|GPUTextureView': 'TextureOrView',
  'GPUPipelineLayout|GPUAutoLayoutMode': 'LayoutOrAuto',
  'GPUSize64|undefined': 'Size64OrUndefined',
  'HTMLVideoElement|VideoFrame': 'VideoSource',
  'HTMLCanvasElement|OffscreenCanvas': 'Canvas',
  'GPUTextureViewDimension|undefined': 'ViewDimensionOrUndefined',
};

/** Types that the IDL does not know and that overlays may name. */
export interface WireTypes {
  /** Kinds of object. */
  readonly objects: readonly string[];
  readonly enums: Readonly<Record<string, { readonly values: readonly string[] }>>;
}

export function parseModel(idlText: string, wireTypes: WireTypes): Model {
  return new ModelBuilder(parse(idlText), wireTypes).build();
}

class ModelBuilder {
  readonly #definitions: webidl2.IDLRootType[];
  readonly #typedefs = new Map<string, webidl2.TypedefType>();
  readonly #enums = new Map<string, readonly string[]>();
  readonly #dictionaryNames = new Set<string>();
  readonly #interfaceNames = new Set<string>();

  constructor(definitions: webidl2.IDLRootType[], { objects, enums }: WireTypes) {
    this.#definitions = definitions;
    for (const name of objects) this.#interfaceNames.add(name);
    for (const definition of definitions) {
      if (definition.type === 'typedef') this.#typedefs.set(definition.name, definition);
      if (definition.type === 'dictionary') this.#dictionaryNames.add(definition.name);
      if (definition.type === 'interface') this.#interfaceNames.add(definition.name);
      if (definition.type === 'enum') {
        this.#enums.set(definition.name, definition.values.map((value) => value.value));
      }
    }
    for (const [name, { values }] of Object.entries(enums)) this.#enums.set(name, values);
  }

  build(): Model {
    const dictionaries = new Map<string, Dictionary>();
    const interfaces = new Map<string, Interface>();
    const namespaces = new Map<string, Map<string, number>>();
    for (const definition of this.#definitions) {
      if (definition.type === 'dictionary') dictionaries.set(definition.name, this.#dictionary(definition));
      if (definition.type === 'interface' && !definition.partial) {
        interfaces.set(definition.name, this.#interface(definition));
      }
      if (definition.type === 'namespace') namespaces.set(definition.name, namespaceConstants(definition));
    }
    return {
      enums: this.#enums,
      dictionaries,
      interfaces,
      namespaces,
      typeOf: (idl) => this.#type(idl, []),
      parseType: (text) => this.#parseType(text),
    };
  }

  #parseType(text: string): Type {
    if (text.endsWith('?')) return { kind: 'nullable', of: this.#parseType(text.slice(0, -1)) };
    if (text.endsWith('[]')) return { kind: 'sequence', of: this.#parseType(text.slice(0, -2)) };
    switch (text) {
      case 'payload':
      case 'words':
      case 'handle':
        return { kind: text };
      case 'bool':
        return { kind: 'boolean' };
      case 'u32':
        return { kind: 'int', bits: 32, signed: false, mode: 'enforce' };
      case 'i32':
        return { kind: 'int', bits: 32, signed: true, mode: 'enforce' };
      case 'u64':
        return { kind: 'int', bits: 64, signed: false, mode: 'enforce' };
      case 'f32':
      case 'f64':
        return { kind: text };
      case 'string':
        return { kind: 'string', usv: true };
      default:
        return this.#named(text, []);
    }
  }

  #dictionary(definition: webidl2.DictionaryType): Dictionary {
    const own = definition.members.map((member): Member => ({
      name: member.name,
      type: this.#type(member.idlType, member.extAttrs),
      required: member.required,
      defaultJs: member.default === null ? undefined : defaultLiteral(member.default),
    }));
    own.sort((a, b) => (a.name < b.name ? -1 : 1));
    return { name: definition.name, parent: definition.inheritance, own };
  }

  #interface(definition: webidl2.InterfaceType): Interface {
    const attributes: Attribute[] = [];
    const methods = new Map<string, { declaredBy: string; overloads: Signature[] }>();
    let setlike = false;
    for (const [declaredBy, member] of this.#membersOf(definition)) {
      if (member.type === 'attribute') {
        attributes.push({ name: member.name, type: this.#type(member.idlType, member.extAttrs), readonly: member.readonly, declaredBy });
      } else if (member.type === 'operation' && member.idlType !== null) {
        const name = member.name ?? '';
        const method = methods.get(name) ?? { declaredBy, overloads: [] };
        method.overloads.push({ args: member.arguments.map((arg) => this.#argument(arg)), returns: this.#type(member.idlType, []) });
        methods.set(name, method);
      } else if (member.type === 'setlike') {
        setlike = true;
      }
    }
    return {
      name: definition.name,
      parent: definition.inheritance,
      attributes,
      methods: [...methods].map(([name, method]) => ({ name, ...method })),
      setlike,
    };
  }

  /** Own members, then those of partials, then those of mixins, each with the name that declares it. */
  *#membersOf(definition: webidl2.InterfaceType): Generator<[string, webidl2.IDLInterfaceMemberType | webidl2.IDLInterfaceMixinMemberType]> {
    for (const other of this.#definitions) {
      if (other.type === 'interface' && other.name === definition.name) {
        for (const member of other.members) yield [definition.name, member];
      }
    }
    for (const include of this.#definitions) {
      if (include.type !== 'includes' || include.target !== definition.name) continue;
      for (const mixin of this.#definitions) {
        if (mixin.type === 'interface mixin' && mixin.name === include.includes) {
          for (const member of mixin.members) yield [mixin.name, member];
        }
      }
    }
  }

  #argument(arg: webidl2.Argument): Argument {
    return {
      name: arg.name,
      type: this.#type(arg.idlType, arg.extAttrs),
      required: !arg.optional,
      optional: arg.optional,
      defaultJs: arg.default === null ? undefined : defaultLiteral(arg.default),
    };
  }

  #type(idl: webidl2.IDLTypeDescription, attributes: readonly webidl2.ExtendedAttribute[]): Type {
    const type = this.#nonNullType(idl, attributes);
    return idl.nullable ? { kind: 'nullable', of: type } : type;
  }

  #nonNullType(idl: webidl2.IDLTypeDescription, attributes: readonly webidl2.ExtendedAttribute[]): Type {
    if (idl.union) return this.#union(idl);
    const attrs = [...attributes, ...idl.extAttrs];
    if (idl.generic) return this.#generic(idl);
    if (typeof idl.idlType !== 'string') throw new Error(`cannot read IDL type ${JSON.stringify(idl)}`);
    return this.#named(idl.idlType, attrs);
  }

  #union(idl: webidl2.UnionTypeDescription): Type {
    const members = idl.idlType.map((member) => String(member.idlType)).join('|');
    const name = ANONYMOUS_UNIONS[members];
    if (name === undefined) throw new Error(`union (${members}) has no name: add it to ANONYMOUS_UNIONS`);
    return { kind: 'union', name };
  }

  #generic(idl: webidl2.IDLTypeDescription): Type {
    const parameters = idl.idlType as webidl2.IDLTypeDescription[];
    const last = this.#type(parameters[parameters.length - 1] as webidl2.IDLTypeDescription, []);
    if (idl.generic === 'record') {
      return { kind: 'record', usvKey: parameters[0]?.idlType === 'USVString', of: last };
    }
    const kinds = { sequence: 'sequence', Promise: 'promise', FrozenArray: 'frozen' } as const;
    const kind = kinds[idl.generic as keyof typeof kinds];
    if (kind === undefined) throw new Error(`generic type ${idl.generic} is not supported`);
    return { kind, of: last };
  }

  #named(name: string, attrs: readonly webidl2.ExtendedAttribute[]): Type {
    const integer = INTEGERS[name];
    if (integer !== undefined) {
      const mode = attrs.some((a) => a.name === 'EnforceRange') ? 'enforce' : attrs.some((a) => a.name === 'Clamp') ? 'clamp' : 'wrap';
      return { kind: 'int', ...integer, mode };
    }
    if (name === 'undefined' || name === 'boolean') return { kind: name };
    if (name === 'float') return { kind: 'f32' };
    if (name === 'double') return { kind: 'f64' };
    if (name === 'USVString' || name === 'DOMString') return { kind: 'string', usv: name === 'USVString' };
    const typedef = this.#typedefs.get(name);
    if (typedef !== undefined) {
      if (typedef.idlType.union) return { kind: 'union', name };
      return this.#type(typedef.idlType, [...typedef.extAttrs, ...attrs]);
    }
    if (this.#enums.has(name)) return { kind: 'enum', name };
    if (this.#dictionaryNames.has(name)) return { kind: 'dict', name };
    if (this.#interfaceNames.has(name)) return { kind: 'interface', name };
    return { kind: 'foreign', name };
  }
}

function namespaceConstants(definition: webidl2.NamespaceType): Map<string, number> {
  const constants = new Map<string, number>();
  for (const member of definition.members) {
    if (member.type === 'const' && member.value.type === 'number') constants.set(member.name, Number(member.value.value));
  }
  return constants;
}

function defaultLiteral(value: webidl2.ValueDescription): string {
  switch (value.type) {
    case 'string':
      return JSON.stringify(value.value);
    case 'number':
      return String(Number(value.value));
    case 'boolean':
      return String(value.value);
    case 'sequence':
      return '[]';
    case 'dictionary':
      return '{}';
    default:
      throw new Error(`default value of type ${value.type} is not supported`);
  }
}

/** A dictionary's members from the root of its inheritance to its own: Web IDL's reading order. */
export function allMembers(model: Model, name: string): readonly Member[] {
  const dictionary = model.dictionaries.get(name);
  if (dictionary === undefined) throw new Error(`unknown dictionary ${name}`);
  return [...(dictionary.parent === null || !model.dictionaries.has(dictionary.parent) ? [] : allMembers(model, dictionary.parent)), ...dictionary.own];
}

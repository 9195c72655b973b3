/** packages/umd: Web IDL conversions, the interface classes, and the contracts of the driver objects. */
import type { EmitContext } from './context.ts';
import { type Argument, allMembers, type Attribute, type Interface, type Method, type Signature, type Type } from './model.ts';
import { header } from './text.ts';
import { typeText } from './type-text.ts';

const IMPL = (face: string): string => `I.${face}Impl`;

/** Methods with several signatures: Web IDL's overload resolution is written by hand for these. */
const isOverloaded = (method: Method): boolean => method.overloads.length > 1;

export function emitConvert(c: EmitContext): string {
  const out = [
    header('emit-umd'),
    `import * as E from '@gpup/wire/enums';`,
    `import * as W from '../webidl.ts';`,
    `import * as X from '../external-types.ts';`,
    `import type * as I from './impl.gen.ts';`,
    `import * as O from './interfaces.gen.ts';`,
    `import type * as T from './types.gen.ts';\n`,
  ];
  for (const name of c.model.enums.keys()) {
    out.push(`export function to${name}(v: unknown, what: string): T.${name} {\n  return W.toEnum(v, E.${name}Numbers, '${name}', what) as T.${name};\n}\n`);
  }
  for (const name of Object.keys(c.overlay.unions)) out.push(convertUnion(c, name));
  for (const name of c.model.dictionaries.keys()) {
    if (name === 'GPUUncapturedErrorEventInit' || name === 'GPUPipelineErrorInit') continue;
    out.push(convertDictionary(c, name));
  }
  return out.join('\n');
}

function convertDictionary(c: EmitContext, name: string): string {
  const members = allMembers(c.model, name);
  const body = members.map((member, index) => {
    const what = `'${name}.${member.name}'`;
    const converted = convert(c, member.type, `v${index}`, what);
    const raw = `d['${member.name}']`;
    if (member.required) return `  const v${index} = ${raw};\n  if (v${index} === undefined) W.missing(${what});\n  const c${index} = ${converted};`;
    const fallback = member.defaultJs === undefined ? 'undefined' : defaultValue(c, member.type, member.defaultJs);
    return `  const v${index} = ${raw};\n  const c${index} = v${index} === undefined ? ${fallback} : ${converted};`;
  });
  const fields = members.map((member, index) => `${member.name}: c${index}`);
  return [
    `export function to${name}(v: unknown, what: string): T.${name} {`,
    members.length === 0 ? '  W.toDictionary(v, what);' : '  const d = W.toDictionary(v, what);',
    ...body,
    `  return { ${fields.join(', ')} };`,
    '}\n',
  ].join('\n');
}

function defaultValue(c: EmitContext, type: Type, literal: string): string {
  if (literal !== '{}') return literal;
  if (type.kind === 'record') return '[]';
  if (type.kind === 'dict') return `to${type.name}(undefined, '')`;
  if (type.kind === 'union') return `to${c.overlay.unions[type.name]?.dict}(undefined, '')`;
  throw new Error(`no default {} for a ${type.kind}`);
}

function convertUnion(c: EmitContext, name: string): string {
  const rule = c.overlay.unions[name];
  if (rule === undefined || rule.optionalNumber === true) return '';
  const type = typeText(c, { kind: 'union', name }, IMPL);
  const body: string[] = [];
  for (const face of rule.interfaces ?? []) body.push(`  const as${face} = O.implOf${face}(v);\n  if (as${face} !== undefined) return as${face};`);
  if (rule.sequence !== undefined && rule.dict !== undefined) {
    const item = allMembers(c.model, rule.dict)[0]?.type ?? { kind: 'any' };
    body.push(
      `  if (W.isIterable(v)) {`,
      `    const s = W.toSequence(v, what, ${elementConverter(c, item)}) as number[];`,
      `    W.checkCount(s.length, ${rule.countMin ?? 0}, ${rule.sequence.length}, what);`,
      `    return { ${rule.sequence.map((field, index) => `${field}: s[${index}]${sequenceDefault(c, rule.dict ?? '', field)}`).join(', ')} };`,
      '  }',
    );
  }
  if (rule.dict !== undefined) body.push(`  return to${rule.dict}(v, what);`);
  else if (rule.literal !== undefined) body.push(`  return W.toLiteral(v, '${rule.literal}', what);`);
  else body.push(`  return W.wrongType(what, '${(rule.interfaces ?? []).join(' or ')}');`);
  return `export function to${name}(v: unknown, what: string): ${type} {\n${body.join('\n')}\n}\n`;
}

function sequenceDefault(c: EmitContext, dict: string, field: string): string {
  const member = allMembers(c.model, dict).find((each) => each.name === field);
  return member?.defaultJs === undefined ? ' as number' : ` ?? ${member.defaultJs}`;
}

function convert(c: EmitContext, type: Type, value: string, what: string): string {
  switch (type.kind) {
    case 'any':
      return value;
    case 'boolean':
      return `W.toBoolean(${value})`;
    case 'int':
      return convertInteger(type, value, what);
    case 'f32':
      return `W.toFloat(${value}, ${what})`;
    case 'f64':
      return `W.toDouble(${value}, ${what})`;
    case 'string':
      return type.usv ? `W.toUsvString(${value})` : `W.toDomString(${value})`;
    case 'enum':
    case 'dict':
      return `to${type.name}(${value}, ${what})`;
    case 'interface':
      return `O.to${type.name}(${value}, ${what})`;
    case 'nullable':
      return `(${value} === null || ${value} === undefined ? null : ${convert(c, type.of, value, what)})`;
    case 'sequence':
      return `W.toSequence(${value}, ${what}, ${elementConverter(c, type.of)})`;
    case 'record': {
      const optional = type.of.kind === 'union' && c.overlay.unions[type.of.name]?.optionalNumber === true;
      const inner: Type = optional ? { kind: 'int', bits: 64, signed: false, mode: 'enforce' } : type.of;
      return `W.toRecord(${value}, ${what}, ${optional}, (each) => ${convert(c, inner, 'each', what)})`;
    }
    case 'union':
      return c.overlay.unions[type.name] === undefined ? `X.to${type.name}(${value}, ${what})` : `to${type.name}(${value}, ${what})`;
    case 'foreign':
      return `X.to${type.name}(${value}, ${what})`;
    default:
      throw new Error(`no conversion to a ${type.kind}`);
  }
}

/** By name where a function takes just the value and what it is: a closure would be made at each call. */
function elementConverter(c: EmitContext, type: Type): string {
  const text = convert(c, type, 'each', 'what');
  const call = /^([\w.]+)\(each, what\)$/.exec(text);
  return call?.[1] ?? `(each${text.includes('what') ? ', what' : ''}) => ${text}`;
}

function convertInteger(type: { bits: number; signed: boolean; mode: string }, value: string, what: string): string {
  if (type.mode === 'clamp') return `W.clampU${type.bits}(${value})`;
  if (type.mode === 'wrap') return `W.wrapU${type.bits}(${value})`;
  return `W.enforce${type.signed ? 'I' : 'U'}${type.bits}(${value}, ${what})`;
}

export function emitImpl(c: EmitContext): string {
  const out = [
    header('emit-umd'),
    '// What the driver must provide behind each interface. A method of the IDL that nobody implements does',
    '// not compile: the driver classes say `implements` these.',
    `import type { HandleRef } from '@gpup/wire';`,
    `import type { BufferSource, DriverObject } from '../driver-object.ts';`,
    `import type * as I from './impl.gen.ts';`,
    `import type * as T from './types.gen.ts';\n`,
  ];
  for (const face of c.model.interfaces.values()) {
    if (face.name in c.overlay.handwritten) continue;
    const known = c.plan.objects.includes(face.name) || face.name === 'GPUExternalTexture';
    out.push(`export interface ${face.name}Impl extends DriverObject${known ? ', HandleRef' : ''} {`);
    if (face.setlike) out.push('  readonly values: ReadonlySet<string>;');
    for (const attribute of face.attributes) {
      if (isExternalAttribute(attribute)) continue;
      out.push(`  ${attribute.readonly ? 'readonly ' : ''}${attribute.name}: ${returnType(c, attribute.type)};`);
    }
    for (const method of face.methods) out.push(`  ${method.name}(${implParameters(c, method)}): ${returnType(c, method.overloads[0]?.returns ?? { kind: 'undefined' })};`);
    out.push('}\n');
  }
  return out.join('\n');
}

function isExternalAttribute(attribute: Attribute): boolean {
  return attribute.type.kind === 'foreign' && attribute.type.name === 'EventHandler';
}

function implParameters(c: EmitContext, method: Method): string {
  // Its hand-written resolution says which signature the driver implements.
  if (isOverloaded(method)) return '...args: never[]';
  return (method.overloads[0]?.args ?? [])
    .map((arg) => `${arg.name}: ${argumentType(c, arg)}`)
    .join(', ');
}

function argumentType(c: EmitContext, arg: Argument): string {
  const text = typeText(c, arg.type, IMPL);
  return arg.optional && arg.defaultJs === undefined ? `${text} | undefined` : text;
}

function returnType(c: EmitContext, type: Type): string {
  if (type.kind === 'undefined') return 'void';
  if (type.kind === 'promise' && type.of.kind === 'nullable' && isHandwritten(c, type.of.of)) return 'Promise<object | null>';
  if (isHandwritten(c, type)) return 'object';
  return typeText(c, type, IMPL);
}

function isHandwritten(c: EmitContext, type: Type): boolean {
  return type.kind === 'interface' && type.name in c.overlay.handwritten;
}

export function emitInterfaces(c: EmitContext): string {
  const out = [
    header('emit-umd'),
    '// The interface classes: brand check, argument count, Web IDL conversion, then the driver object.',
    `import * as W from '../webidl.ts';`,
    `import * as X from '../external-types.ts';`,
    `import * as V from '../overloads.ts';`,
    `import * as C from './convert.gen.ts';`,
    `import type * as I from './impl.gen.ts';\n`,
  ];
  for (const face of c.model.interfaces.values()) {
    if (!(face.name in c.overlay.handwritten)) out.push(interfaceClass(c, face));
  }
  for (const [name, constants] of c.model.namespaces) out.push(namespaceObject(name, constants));
  const names = [...c.model.interfaces.keys()].filter((name) => !(name in c.overlay.handwritten));
  out.push(`export const INTERFACES = { ${[...names, ...c.model.namespaces.keys()].join(', ')} };\n`);
  return out.join('\n');
}

function namespaceObject(name: string, constants: ReadonlyMap<string, number>): string {
  const entries = [...constants].map(([key, value]) => `${key}: ${value}`);
  return `export const ${name} = W.namespace('${name}', { ${entries.join(', ')} });\n`;
}

function interfaceClass(c: EmitContext, face: Interface): string {
  const { name } = face;
  const eventTarget = face.parent === 'EventTarget';
  const impl = IMPL(name);
  const out = [
    `let implOf${name}Unchecked: (v: object) => ${impl} | undefined;`,
    `export class ${name}${eventTarget ? ' extends EventTarget' : ''} {`,
    `  readonly #impl: ${impl};`,
    `  static { implOf${name}Unchecked = (v) => (#impl in v ? v.#impl : undefined); }`,
    '  constructor(token: unknown = undefined, impl: unknown = undefined) {',
    ...(eventTarget ? ['    super();'] : []),
    `    W.checkToken(token);`,
    `    this.#impl = impl as ${impl};`,
    '  }',
    ...face.attributes.flatMap((attribute) => attributeText(c, face, attribute)),
    ...face.methods.flatMap((method) => methodText(c, face, method)),
    ...(face.setlike ? setlikeText() : []),
    '}',
    `W.finishInterface(${name}, '${name}'${face.setlike ? ', true' : ''});`,
    `export function implOf${name}(v: unknown): ${impl} | undefined {`,
    `  return typeof v === 'object' && v !== null ? implOf${name}Unchecked(v) : undefined;`,
    '}',
    `export function to${name}(v: unknown, what: string): ${impl} {`,
    `  return implOf${name}(v) ?? W.wrongType(what, '${name}');`,
    '}',
    `export function wrap${name}(impl: ${impl}): ${name} {`,
    `  return (impl.wrapper ??= new ${name}(W.TOKEN, impl)) as ${name};`,
    '}\n',
  ];
  return out.join('\n');
}

/** Read-only setlikes: the methods of Set that do not write. */
function setlikeText(): string[] {
  return [
    '  get size(): number { return this.#impl.values.size; }',
    '  has(value: unknown): boolean { W.count(arguments.length, 1, \'has\'); return this.#impl.values.has(W.toDomString(value)); }',
    '  entries(): IterableIterator<[string, string]> { return this.#impl.values.entries(); }',
    '  values(): IterableIterator<string> { return this.#impl.values.values(); }',
    '  forEach(callback: unknown, thisArg: unknown = undefined): void { W.setlikeForEach(this, this.#impl.values, callback, thisArg, arguments.length); }',
  ];
}

function attributeText(c: EmitContext, face: Interface, attribute: Attribute): string[] {
  const { name, type } = attribute;
  if (isExternalAttribute(attribute)) {
    return [
      `  get ${name}(): unknown { return X.getEventHandler(this, this.#impl, '${name}'); }`,
      `  set ${name}(v: unknown) { X.setEventHandler(this, this.#impl, '${name}', v); }`,
    ];
  }
  const value = wrapResult(c, type, `this.#impl.${name}`);
  const out = [`  get ${name}(): ${publicType(c, type)} { ${type.kind === 'promise' ? promiseGetter(value) : `return ${value};`} }`];
  if (!attribute.readonly) out.push(`  set ${name}(v: ${setterType(type)}) { this.#impl.${name} = ${convert(c, type, 'v', `'${face.name}.${name}'`).replace(/^to/, 'C.to')}; }`);
  return out;
}

/** A promise attribute gives the same object each time, and like a method it never throws. */
function promiseGetter(value: string): string {
  return `try { return X.samePromise(this.#impl, () => ${value}); } catch (error) { return Promise.reject(error); }`;
}

function setterType(type: Type): string {
  return type.kind === 'string' ? 'string' : 'unknown';
}

function publicType(c: EmitContext, type: Type): string {
  switch (type.kind) {
    case 'interface':
      return isHandwritten(c, type) ? 'object' : type.name;
    case 'nullable':
      return `${publicType(c, type.of)} | null`;
    case 'promise':
      return `Promise<${publicType(c, type.of)}>`;
    case 'frozen':
      return `readonly ${publicType(c, type.of)}[]`;
    case 'enum':
    case 'string':
      return 'string';
    case 'boolean':
      return 'boolean';
    case 'undefined':
      return 'undefined';
    case 'int':
      return 'number';
    case 'foreign':
      return type.name === 'ArrayBuffer' ? 'ArrayBuffer' : 'unknown';
    default:
      return 'unknown';
  }
}

function wrapResult(c: EmitContext, type: Type, value: string): string {
  if (type.kind === 'interface') return isHandwritten(c, type) ? value : `wrap${type.name}(${value})`;
  if (type.kind === 'nullable') return needsWrap(c, type.of) ? `W.nullable(${value}, ${wrapper(c, type.of)})` : value;
  if (type.kind === 'frozen') return `X.frozenWrapped(this, ${value}, ${wrapper(c, type.of)})`;
  if (type.kind === 'promise' && needsWrap(c, type.of)) return `${value}.then((r) => ${wrapResult(c, type.of, 'r')})`;
  if (type.kind === 'dict') return `X.from${type.name}(${value})`;
  return value;
}

function needsWrap(c: EmitContext, type: Type): boolean {
  if (type.kind === 'nullable') return needsWrap(c, type.of);
  return (type.kind === 'interface' && !isHandwritten(c, type)) || type.kind === 'dict';
}

function wrapper(c: EmitContext, type: Type): string {
  if (type.kind === 'dict') return `X.from${type.name}`;
  if (type.kind === 'interface' && !isHandwritten(c, type)) return `wrap${type.name}`;
  return '(v) => v';
}

function methodText(c: EmitContext, face: Interface, method: Method): string[] {
  const signature = method.overloads[0] as Signature;
  const promise = signature.returns.kind === 'promise';
  const body = isOverloaded(method) ? overloadBody(face, method) : callBody(c, face, method, signature);
  const params = isOverloaded(method) ? overloadParameters(method) : signature.args.map((arg) => `${arg.name}: unknown${arg.optional ? ' = undefined' : ''}`).join(', ');
  const result = publicType(c, signature.returns);
  if (!promise) return [`  ${method.name}(${params}): ${result === 'undefined' ? 'void' : result} {`, ...body.map((line) => `    ${line}`), '  }'];
  return [
    `  ${method.name}(${params}): ${result} {`,
    '    try {',
    ...body.map((line) => `      ${line}`),
    '    } catch (error) {',
    '      return Promise.reject(error);',
    '    }',
    '  }',
  ];
}

function overloadParameters(method: Method): string {
  const shortest = Math.min(...method.overloads.map((each) => each.args.filter((arg) => !arg.optional).length));
  const longest = Math.max(...method.overloads.map((each) => each.args.length));
  return Array.from({ length: longest }, (_, index) => `a${index}: unknown${index < shortest ? '' : ' = undefined'}`).join(', ');
}

function overloadBody(face: Interface, method: Method): string[] {
  const longest = Math.max(...method.overloads.map((each) => each.args.length));
  const names = Array.from({ length: longest }, (_, index) => `a${index}`).join(', ');
  return [`V.${method.name}(this.#impl, arguments.length, ${names});`, `// ${face.name}: see ../overloads.ts`].slice(0, 1);
}

function callBody(c: EmitContext, face: Interface, method: Method, signature: Signature): string[] {
  const required = signature.args.filter((arg) => !arg.optional).length;
  const where = `${face.name}.${method.name}`;
  const out = ['const impl = this.#impl;'];
  if (required > 0) out.push(`if (arguments.length < ${required}) W.tooFew('${where}', ${required}, arguments.length);`);
  const values = signature.args.map((arg, index) => {
    const converted = convert(c, arg.type, arg.name, `'${where}: ${arg.name}'`).replaceAll(/(?<![\w.])to(?=[A-Z])/g, 'C.to');
    const value = arg.optional ? `${arg.name} === undefined ? ${argumentDefault(c, arg)} : ${converted}` : converted;
    out.push(`const c${index} = ${value};`);
    return `c${index}`;
  });
  const call = `impl.${method.name}(${values.join(', ')})`;
  const returns = signature.returns;
  out.push(returns.kind === 'undefined' ? `${call};` : `return ${wrapResult(c, returns, call)};`);
  return out.map((line) => line.replaceAll(/\bO\.to/g, 'to'));
}

function argumentDefault(c: EmitContext, arg: Argument): string {
  if (arg.defaultJs === undefined) return 'undefined';
  return defaultValue(c, arg.type, arg.defaultJs).replace(/^to/, 'C.to');
}

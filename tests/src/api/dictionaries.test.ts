/**
 * What a program describes is what the implementation behind the host gets: random dictionaries go through
 * the guest's conversion and encoder and the host's decoder, and are compared with what the IDL itself says
 * they mean. The three are generated; this reads the IDL anew.
 */
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { Writer } from '@gpup/wire';
import * as encoders from '@gpup/wire/encode';
import { type DictionaryMemberType, type IDLTypeDescription, type ValueDescription, parse } from 'webidl2';

const root = new URL('../../../', import.meta.url);
const idl = parse(readFileSync(new URL('idl/webgpu.idl', root), 'utf8'));

// Neither is part of a package's face: they are found by their places.
const load = (path: string): Promise<Record<string, unknown>> => import(new URL(path, root).href) as Promise<Record<string, unknown>>;
type Convert = (value: unknown, what: string) => object;
type Decode = (reader: object) => unknown;
let converters: Record<string, Convert>;
let wrappers: Record<string, (impl: object) => object>;
let decoders: Record<string, Decode>;
let kinds: Record<string, number>;
let CommandReader: new (options: object) => { open(words: Uint32Array, begin: number, end: number): void; close(): void; stringBytesMax: number };
before(async () => {
  converters = (await load('packages/umd/dist/generated/convert.gen.js')) as typeof converters;
  wrappers = (await load('packages/umd/dist/generated/interfaces.gen.js')) as typeof wrappers;
  decoders = (await load('packages/vf/dist/generated/decode.gen.js')) as typeof decoders;
  kinds = (await load('packages/vf/dist/generated/kinds.gen.js'))['Kind'] as typeof kinds;
  CommandReader = (await load('packages/vf/dist/command-reader.js'))['CommandReader'] as typeof CommandReader;
});

// The IDL.

function membersOf(name: string): DictionaryMemberType[] {
  const dictionary = idl.find((each) => each.type === 'dictionary' && each.name === name);
  ok(dictionary?.type === 'dictionary');
  return [...(dictionary.inheritance === null ? [] : membersOf(dictionary.inheritance)), ...dictionary.members];
}

const isDictionary = (name: string): boolean => idl.some((each) => each.type === 'dictionary' && each.name === name);
const enumValues = (name: string): string[] | undefined => {
  const found = idl.find((each) => each.type === 'enum' && each.name === name);
  return found?.type === 'enum' ? found.values.map(({ value }) => value) : undefined;
};
const typedef = (name: string): IDLTypeDescription | undefined => {
  const found = idl.find((each) => each.type === 'typedef' && each.name === name);
  return found?.type === 'typedef' ? found.idlType : undefined;
};

function defaultOf({ type, value }: ValueDescription & { readonly value?: unknown }): unknown {
  if (type === 'number') return Number(value);
  if (type === 'sequence') return [];
  // A dictionary with the defaults of its members, or a record without any.
  if (type === 'dictionary') return {};
  return value;
}

// Random values: how a program may write them, and what they mean.

interface Value {
  readonly written: unknown;
  readonly meant: unknown;
}

let state = 0;
/** mulberry32 */
function random(): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const between = (min: number, max: number): number => min + Math.floor(random() * (max - min + 1));
const pick = <T>(values: readonly T[]): T => values[between(0, values.length - 1)] as T;

const INTEGERS: Readonly<Record<string, readonly [number, number]>> = {
  'unsigned short': [0, 0xffff],
  'unsigned long': [0, 0xffffffff],
  long: [-0x80000000, 0x7fffffff],
  'unsigned long long': [0, Number.MAX_SAFE_INTEGER],
};

function numberOf(name: string): Value {
  const range = INTEGERS[name];
  if (range !== undefined) {
    const meant = pick([range[0], range[1], 0, 1, between(0, 1000), between(...range)]);
    return { written: pick([meant, meant, String(meant), { valueOf: () => meant }, [meant]]), meant };
  }
  const double = pick([0, 1, -1, 0.1, random() * 1e6, -random(), 1e30]);
  const meant = name.includes('float') ? Math.fround(double) : double;
  return { written: pick([double, double, String(double)]), meant };
}

function stringOf(): Value {
  const meant = pick(['', 'main', 'a label', 'é', '🦀'.repeat(20), 'x'.repeat(200)]);
  const written = pick<unknown>([meant, meant, new String(meant), { toString: () => meant }, meant.replace('é', '\ud800')]);
  // The wire has no lone surrogates.
  return { written, meant: typeof written === 'string' ? written.toWellFormed() : meant };
}

/** Handles of objects are their kind and a number, so that a mix-up of two shows. */
function objectOf(name: string): Value {
  const handle = ((kinds[name] as number) << 8) | between(1, 200);
  return { written: (wrappers[`wrap${name}`] as (impl: object) => object)({ handle, wrapper: undefined }), meant: `${name} ${handle}` };
}

function listOf(type: IDLTypeDescription): Value {
  const values = Array.from({ length: between(0, 4) }, () => randomOf(type));
  const written = values.map((each) => each.written);
  const asGenerator = { *[Symbol.iterator](): Generator<unknown> { yield* written; } };
  return { written: pick<unknown>([written, asGenerator]), meant: values.map((each) => each.meant) };
}

function recordOf(type: IDLTypeDescription): Value {
  const entries = Array.from({ length: between(0, 3) }, (_, i) => [pick(['n', 'é', '0']) + i, randomOf(type)] as const);
  return { written: Object.fromEntries(entries.map(([key, { written }]) => [key, written])), meant: Object.fromEntries(entries.map(([key, { meant }]) => [key, meant])) };
}

/** The forms of a union that WebGPU has besides its dictionary. */
function unionOf(name: string): Value | undefined {
  const numbers = (names: readonly string[], counts: readonly number[], type: string): Value => {
    const values = Array.from({ length: pick(counts) }, () => numberOf(type));
    const rest = name === 'GPUExtent3D' ? 1 : 0;
    return { written: values.map(({ written }) => written), meant: Object.fromEntries(names.map((each, i) => [each, values[i]?.meant ?? rest])) };
  };
  if (name === 'GPUColor') return numbers(['r', 'g', 'b', 'a'], [4], 'double');
  if (name === 'GPUOrigin3D') return numbers(['x', 'y', 'z'], [0, 1, 2, 3], 'unsigned long');
  if (name === 'GPUExtent3D') return numbers(['width', 'height', 'depthOrArrayLayers'], [1, 2, 3], 'unsigned long');
  return undefined;
}

function randomOf(type: IDLTypeDescription): Value {
  if (type.nullable && random() < 0.3) return { written: pick([null, undefined]), meant: null };
  if (type.generic === 'sequence') return listOf((type.idlType as IDLTypeDescription[])[0] as IDLTypeDescription);
  if (type.generic === 'record') return recordOf((type.idlType as IDLTypeDescription[])[1] as IDLTypeDescription);
  if (type.union) return randomOf(pick((type.idlType as IDLTypeDescription[]).filter(isPossible)));
  const name = type.idlType as string;
  if (name in INTEGERS || /float|double/.test(name)) return numberOf(name);
  if (name === 'boolean') return pick<Value>([{ written: true, meant: true }, { written: 0, meant: false }, { written: 'x', meant: true }, { written: '', meant: false }]);
  if (name === 'USVString' || name === 'DOMString') return stringOf();
  const values = enumValues(name);
  if (values !== undefined) {
    const meant = pick(values);
    return { written: pick<unknown>([meant, meant, [meant]]), meant };
  }
  if (isDictionary(name)) return dictionaryOf(name);
  if (name in kinds) return resource(objectOf(name), name);
  const alias = typedef(name);
  ok(alias !== undefined, `the IDL has no type ${name}`);
  return (random() < 0.5 ? unionOf(name) : undefined) ?? randomOf(alias);
}

/** Nobody can have one of these, nor make them from numbers alone where that is done above. */
function isPossible(type: IDLTypeDescription): boolean {
  return type.idlType !== 'GPUExternalTexture' && type.idlType !== 'undefined' && type.generic !== 'sequence';
}

/** Where an object may stand for a part of itself, the host is given that part. */
let isBindingResource = false;
function resource(value: Value, name: string): Value {
  if (name === 'GPUTexture') return { ...value, meant: `default view of ${value.meant as string}` };
  if (name === 'GPUBuffer' && isBindingResource) return { ...value, meant: { buffer: value.meant, offset: 0 } };
  return value;
}

function dictionaryOf(name: string): Value {
  const written: Record<string, unknown> = {};
  const meant: Record<string, unknown> = {};
  for (const member of membersOf(name)) {
    if (!member.required && random() < 0.4) {
      if (random() < 0.3) written[member.name] = undefined;
      if (member.default !== null) meant[member.name] = completed(member.idlType, defaultOf(member.default));
      continue;
    }
    isBindingResource = name === 'GPUBindGroupEntry' && member.name === 'resource';
    const value = randomOf(member.idlType);
    isBindingResource = false;
    written[member.name] = value.written;
    // `undefined` for an optional member is its absence.
    if (value.written === undefined && !member.required) continue;
    meant[member.name] = value.meant;
  }
  return { written: random() < 0.2 ? Object.create(written) : written, meant };
}

/** What a host leaves out is the default of the IDL. */
function completed(type: IDLTypeDescription, value: unknown): unknown {
  if (value === null || value === undefined || typeof value !== 'object') return value;
  if (type.generic === 'sequence') return (value as unknown[]).map((each) => completed((type.idlType as IDLTypeDescription[])[0] as IDLTypeDescription, each));
  if (type.generic === 'record') return { ...value };
  if (type.union) return completedUnion(type, value);
  const name = type.idlType as string;
  if (isDictionary(name)) return completedDictionary(name, value as Record<string, unknown>);
  const alias = typedef(name);
  return alias === undefined ? value : completed(alias, value);
}

function completedUnion(type: IDLTypeDescription, value: object): unknown {
  const dictionary = (type.idlType as IDLTypeDescription[]).find((each) => typeof each.idlType === 'string' && isDictionary(each.idlType));
  return dictionary === undefined ? value : completed(dictionary, value);
}

function completedDictionary(name: string, value: Record<string, unknown>): unknown {
  const complete: Record<string, unknown> = {};
  for (const member of membersOf(name)) {
    const given = value[member.name] ?? (member.default === null ? value[member.name] : defaultOf(member.default));
    if (given !== undefined) complete[member.name] = completed(member.idlType, given);
  }
  const unknown = Object.keys(value).filter((key) => !(key in complete));
  deepEqual(unknown, [], `${name} has members that the IDL does not know`);
  return complete;
}

// The way to the host.

/** Knows every object by its handle. */
function readerOf(words: Uint32Array): InstanceType<typeof CommandReader> {
  const names = Object.keys(kinds);
  const lookup = (handle: number): object => ({ handle, kind: handle >> 8, native: `${names[(handle >> 8) - 1]} ${handle}`, referenceStamp: 0 });
  const reader = new CommandReader({
    table: { lookup },
    references: { note: () => {} },
    defaultView: ({ native }: { readonly native: string }) => `default view of ${native}`,
  });
  reader.stringBytesMax = 1 << 16;
  reader.open(words, 0, words.length);
  return reader;
}

function arrived(name: string, written: unknown): unknown {
  const writer = new Writer(1);
  const encode = (encoders as unknown as Record<string, (w: Writer, d: object) => void>)[`encode${name}`] as (w: Writer, d: object) => void;
  encode(writer, (converters[`to${name}`] as Convert)(written, name));
  const reader = readerOf(writer.words.slice(0, writer.length));
  const decoded = (decoders[`decode${name}`] as Decode)(reader);
  reader.close();
  return completed({ idlType: name } as unknown as IDLTypeDescription, decoded);
}

const names = idl.flatMap((each) => (each.type === 'dictionary' && `encode${each.name}` in encoders ? [each.name] : []));

test('every dictionary that crosses the wire has its encoder and its decoder', () => {
  deepEqual(Object.keys(decoders).filter((each) => each.startsWith('decode')).map((each) => each.slice(6)).sort(), [...names].sort());
  ok(names.length > 40);
});

const regressionSeeds: readonly number[] = [];
for (const seed of [1, 2, 3, ...regressionSeeds, Date.now() % 1_000_000]) {
  for (const name of names) {
    test(`${name} arrives as it was meant, seed ${seed}`, () => {
      state = seed;
      for (let round = 0; round < 40; round++) {
        const { written, meant } = dictionaryOf(name);
        deepEqual(plain(arrived(name, written)), plain(completed({ idlType: name } as unknown as IDLTypeDescription, meant)));
      }
    });
  }
}

/** Records come without a prototype, and -0 is 0 where it is the default. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

for (const name of names) {
  for (const { name: member, required } of membersOf(name)) {
    if (!required) continue;
    test(`${name} without ${member} is a TypeError`, () => {
      state = 7;
      const { written } = dictionaryOf(name);
      const copy: Record<string, unknown> = {};
      for (const key in written as object) copy[key] = (written as Record<string, unknown>)[key];
      copy[member] = undefined;
      throws(() => (converters[`to${name}`] as Convert)(copy, name), TypeError);
    });
  }
}

test('members are read once each, inherited ones first, then in the order of their names', () => {
  const order: string[] = [];
  const spy = new Proxy({}, { get: (_target, key) => { order.push(String(key)); return undefined; } });
  (converters['toGPUSamplerDescriptor'] as Convert)(spy, 'x');
  deepEqual(order, ['label', 'addressModeU', 'addressModeV', 'addressModeW', 'compare', 'lodMaxClamp', 'lodMinClamp', 'magFilter', 'maxAnisotropy', 'minFilter', 'mipmapFilter']);
  equal(new Set(order).size, order.length);
});

import { INLINE, Writer } from '@gpup/wire';
import { isCreatingRequest, CREATING_REQUEST_BIT, type GuestModel } from '../model/guest-model.ts';
import type { ModelObject } from '../model/object-model.ts';
import { dictionary, PACKET_BY_NAME, RECORDED_BY_NAME, scopeOf } from '../schema-index.ts';
import type { FieldSchema, FieldType, PacketSchema } from '../schema.ts';
import type { Random } from './random.ts';
import { plausibleEnum, plausibleFloat, plausibleInteger, plausibleString } from './values.ts';

/** Values for fields of that name, wherever in the packet; `#name` is the number of elements of a sequence. */
export type Overrides = Readonly<Record<string, number | readonly number[] | string>>;

/** A handle that names nothing: what a packet gets for an object of a kind that does not exist. */
const NOBODY = 0;
const NESTING_MAX = 6;

/** Makes packets that a correct guest could send, from the schema and from what the context holds. */
export class Forge {
  readonly #random: Random;
  readonly #model: GuestModel;
  readonly #writer = new Writer(256);
  #overrides: Overrides = {};
  #nesting = 0;
  /** Objects that the implementation refused, as far as errors told. */
  readonly invalid = new Set<ModelObject>();
  /** Pick invalid objects where there are any. */
  wantsInvalid = false;
  /** Of this many optional members one is there; 0: none that is not asked for. */
  optionalOdds = 3;
  #requestCount = 0;

  constructor(random: Random, model: GuestModel) {
    this.#random = random;
    this.#model = model;
  }

  packet(name: string, overrides: Overrides = {}): Uint32Array {
    const schema = PACKET_BY_NAME.get(name) as PacketSchema;
    this.#overrides = overrides;
    const writer = this.#writer;
    writer.reset();
    const at = writer.begin(schema.opcode);
    if (schema.self !== null) writer.u32(this.#override('self') ?? this.#handleOf(schema.self));
    if (schema.request) writer.u32(this.request(name));
    if (schema.result !== null) writer.u32(this.#override('result') ?? this.#model.objects.nextHandle());
    for (const field of schema.fields) this.#field('', field);
    writer.end(at);
    return writer.words.slice(0, writer.length);
  }

  request(name: string): number {
    this.#requestCount++;
    return isCreatingRequest(name) ? (this.#requestCount | CREATING_REQUEST_BIT) >>> 0 : this.#requestCount;
  }

  /** One recorded command, head included. */
  command(name: string, overrides: Overrides = {}): number[] {
    const schema = RECORDED_BY_NAME.get(name);
    if (schema === undefined) return [];
    // The heap is for whole packets only.
    this.#overrides = { ...overrides, inline: 1 };
    const writer = new Writer(32);
    const at = writer.beginCommand(schema.op);
    for (const field of schema.fields) this.#fieldInto(writer, '', field);
    writer.endCommand(at);
    return [...writer.words.subarray(0, writer.length)];
  }

  /** Commands in which `focus` stands where it may, as one block. */
  blockAround(focus: string, overrides: Overrides = {}): { readonly words: number[]; readonly isBundle: boolean } {
    const scope = scopeOf(focus);
    const isBundle = (scope === 'draws' || scope === 'bindings') && this.#random.oneIn(3);
    const command = this.command(focus, overrides);
    if (isBundle) return { words: command, isBundle };
    switch (scope) {
      case 'compute':
        return { words: [...this.command('GPUCommandEncoder.beginComputePass'), ...this.#company(COMPUTE_COMMANDS), ...command, ...this.#endOf('compute', focus)], isBundle };
      case 'opened':
        return { words: [...this.command('GPUCommandEncoder.beginRenderPass'), ...command, ...this.#endOf('render', focus)], isBundle };
      case 'render':
      case 'draws':
      case 'bindings':
        return { words: [...this.command('GPUCommandEncoder.beginRenderPass'), ...this.#company(RENDER_COMMANDS), ...command, ...this.#endOf('render', focus)], isBundle };
      default:
        return { words: [...this.#opening(focus), ...command, ...this.#closing(focus)], isBundle };
    }
  }

  /** What else the pass records, in one of a few. */
  #company(names: readonly string[]): number[] {
    return this.#random.oneIn(COMPANY_ODDS) ? this.pass(this.#random.below(COMPANY_MAX), names) : [];
  }

  /** So many commands that may stand between a pass's beginning and its end; some may be wrong there. */
  pass(count: number, names = RENDER_COMMANDS): number[] {
    const possible = names.filter((name) => (RECORDED_BY_NAME.get(name)?.fields ?? []).every(({ type }) => this.#isForgeable(type)));
    return Array.from({ length: count }, () => this.command(this.#random.pick(possible))).flat();
  }

  #endOf(pass: 'compute' | 'render', focus: string): number[] {
    const end = pass === 'compute' ? 'GPUComputePassEncoder.end' : 'GPURenderPassEncoder.end';
    return focus === end ? [] : this.command(end);
  }

  #opening(focus: string): number[] {
    return focus === 'GPUDebugCommandsMixin.popDebugGroup' ? this.command('GPUDebugCommandsMixin.pushDebugGroup') : [];
  }

  /** What has to follow so that the encoder is not left half-open. */
  #closing(focus: string): number[] {
    if (focus === 'GPUCommandEncoder.beginComputePass') return this.command('GPUComputePassEncoder.end');
    if (focus === 'GPUCommandEncoder.beginRenderPass') return this.command('GPURenderPassEncoder.end');
    if (focus === 'GPUDebugCommandsMixin.pushDebugGroup') return this.command('GPUDebugCommandsMixin.popDebugGroup');
    return [];
  }

  /** The packet that brings a block of recorded commands. */
  finish(block: readonly number[], isBundle: boolean, overrides: Overrides = {}): Uint32Array {
    return this.packet(isBundle ? 'GPURenderBundleEncoder.finish' : 'GPUCommandEncoder.finish', { ...overrides, commands: block });
  }

  #override(name: string): number | undefined {
    const value = this.#overrides[name];
    return typeof value === 'number' ? value : undefined;
  }

  /** A handle of something of that kind, of a delivered one if possible. */
  #handleOf(kind: string): number {
    const objects = this.#model.objects.ofKind(kind);
    if (objects.length === 0) return NOBODY;
    if (this.wantsInvalid) {
      for (const object of objects) if (this.invalid.has(object)) return object.handle;
    }
    for (let tries = 0; tries < 4; tries++) {
      const object = this.#random.pick(objects);
      if (!object.isPending && (this.wantsInvalid || !this.invalid.has(object))) return object.handle;
    }
    return this.#random.pick(objects).handle;
  }

  #field(dict: string, field: FieldSchema): void {
    this.#fieldInto(this.#writer, dict, field);
  }

  #fieldInto(writer: Writer, dict: string, { name, type }: FieldSchema): void {
    this.#nesting++;
    this.#write(writer, type, dict, name);
    this.#nesting--;
  }

  #write(writer: Writer, type: FieldType, dict: string, name: string): void {
    const random = this.#random;
    const given = this.#override(name);
    switch (type.kind) {
      case 'bool':
        return writer.u32(given ?? random.below(2));
      case 'u32':
      case 'i32':
        return writer.u32(given ?? this.#integer(dict, name));
      case 'u64':
        return writer.u64(given ?? plausibleInteger(random, dict, name));
      case 'optional-u64':
        return writer.optionalU64(given ?? (random.oneIn(2) ? undefined : plausibleInteger(random, dict, name)));
      case 'f32':
        return writer.f32(given ?? plausibleFloat(random, name));
      case 'f64':
        return writer.f64(given ?? plausibleFloat(random, name));
      case 'string':
        return writer.string(this.#text(name));
      case 'enum':
        return writer.u32(given ?? plausibleEnum(random, name, type.count));
      case 'enum-or-null':
        return writer.u32(given ?? (random.oneIn(3) ? 0 : plausibleEnum(random, 'format', type.count)));
      default:
        return this.#writeCompound(writer, type, dict, name);
    }
  }

  #text(name: string): string {
    const given = this.#overrides[name];
    return typeof given === 'string' ? given : plausibleString(this.#random, name);
  }

  #integer(dict: string, name: string): number {
    const { heapBytes } = this.#model.bounds;
    if (name !== 'into') return plausibleInteger(this.#random, dict, name);
    return heapBytes === null || this.#random.oneIn(2) ? INLINE : this.#random.below(heapBytes >>> 4) * 8;
  }

  #writeCompound(writer: Writer, type: FieldType, dict: string, name: string): void {
    switch (type.kind) {
      case 'dict':
        return this.#dictionary(writer, type.name);
      case 'nullable':
        return this.#optional(writer, type.of, dict, name);
      case 'sequence':
        return this.#sequence(writer, type.of, name);
      case 'record':
        return this.#record(writer, type.of, dict, name);
      case 'u32-array':
      case 'commands':
        return this.#list(writer, name);
      case 'payload':
        return this.#payload(writer, name);
      default:
        return writer.u32(this.#override(name) ?? this.#handleField(type, name));
    }
  }

  #handleField(type: FieldType, name: string): number {
    const random = this.#random;
    switch (type.kind) {
      case 'object':
        return this.#handleOf(type.of);
      case 'object-or-null':
        return random.oneIn(4) && !this.wantsInvalid ? 0 : this.#handleOf(type.of);
      case 'layout-or-auto':
        return random.oneIn(2) && !this.wantsInvalid ? 0 : this.#handleOf('GPUPipelineLayout');
      case 'texture-or-view':
        return this.#handleOf(this.#oneWithObjects(TEXTURES));
      case 'binding-resource':
        return 0;
      default:
        return name === 'queue' ? this.#secondHandle() : this.#anyHandle();
    }
  }

  /** Beside the handle that `nextHandle` gives to the result of the same packet. */
  #secondHandle(): number {
    const { objects } = this.#model;
    for (let handle = objects.nextHandle() + 1; ; handle++) if (objects.freshFault(handle) === null) return handle;
  }

  #anyHandle(): number {
    const all = [...this.#model.objects.all()];
    return all.length === 0 ? NOBODY : this.#random.pick(all).handle;
  }

  #dictionary(writer: Writer, name: string): void {
    const at = writer.reserve(1);
    let bits = 0;
    for (const field of dictionary(name).fields) {
      const isGiven = this.#overrides[field.name] !== undefined;
      if (!(field.required || isGiven || this.#isWorthwhile(field.type))) continue;
      bits |= 2 ** field.number;
      if (field.type.kind === 'binding-resource') this.#resource(writer);
      else this.#fieldInto(writer, name, field);
    }
    writer.words[at] = bits;
  }

  #isWorthwhile(type: FieldType): boolean {
    if (this.#nesting >= NESTING_MAX || this.optionalOdds === 0 || !this.#random.oneIn(this.optionalOdds)) return false;
    return this.#isForgeable(type);
  }

  /** Whether there is something for every handle that such a value must have. */
  #isForgeable(type: FieldType): boolean {
    const { objects } = this.#model;
    return neededKinds(type).every((alternatives) => alternatives.some((kind) => objects.ofKind(kind).length > 0));
  }

  #resource(writer: Writer): void {
    const isRange = this.#random.oneIn(2) && this.#model.objects.ofKind('GPUBuffer').length > 0;
    writer.u32(isRange ? 1 : 0);
    if (isRange) return this.#dictionary(writer, 'GPUBufferBinding');
    writer.u32(this.#handleOf(this.#oneWithObjects(RESOURCES)));
  }

  #oneWithObjects(kinds: readonly string[]): string {
    const found = kinds.filter((kind) => this.#model.objects.ofKind(kind).length > 0);
    return this.#random.pick(found.length === 0 ? kinds : found);
  }

  #optional(writer: Writer, of: FieldType, dict: string, name: string): void {
    const isThere = this.#isForgeable(of) && !this.#random.oneIn(5);
    writer.u32(isThere ? 1 : 0);
    if (isThere) this.#write(writer, of, dict, name);
  }

  #sequence(writer: Writer, of: FieldType, name: string): void {
    const isLeftOut = this.#nesting >= NESTING_MAX || (name === 'requiredFeatures' && !this.#random.oneIn(4)) || !this.#isForgeable(of);
    const count = this.#override(`#${name}`) ?? (isLeftOut ? 0 : this.#random.below(3));
    const isNumbered = of.kind === 'dict' && of.name.endsWith('LayoutEntry') && this.#overrides['binding'] === undefined;
    writer.u32(count);
    for (let i = 0; i < count; i++) {
      if (isNumbered) this.#overrides = { ...this.#overrides, binding: i };
      this.#write(writer, of, '', name);
    }
  }

  #record(writer: Writer, of: FieldType, dict: string, name: string): void {
    const count = this.#random.below(2);
    writer.u32(count);
    for (let i = 0; i < count; i++) {
      writer.string(name === 'requiredLimits' ? 'maxBindGroups' : this.#random.pick(['a', '0', '__proto__', 'constructor']));
      this.#write(writer, of, dict, name);
    }
  }

  #list(writer: Writer, name: string): void {
    const given = this.#overrides[name];
    const words = Array.isArray(given) ? (given as readonly number[]) : [];
    writer.u32(words.length);
    for (const word of words) writer.u32(word);
  }

  #payload(writer: Writer, name: string): void {
    const random = this.#random;
    const given = this.#override(name);
    const byteLength = given ?? random.below(5) * 4;
    writer.u32(byteLength);
    const { heapBytes } = this.#model.bounds;
    const isInline = heapBytes === null || byteLength > heapBytes || this.#overrides['inline'] === 1 || random.oneIn(2);
    writer.u32(isInline ? INLINE : random.below((heapBytes - byteLength) / 4 + 1) * 4);
    if (isInline) for (let i = 0; i < byteLength; i += 4) writer.u32(random.u32());
  }
}

/** One pass of so many has more commands than the one it is for, up to so many. */
const COMPANY_ODDS = 6;
const COMPANY_MAX = 24;
const RENDER_COMMANDS = commandsOf(['render', 'draws', 'bindings', 'any']);
const COMPUTE_COMMANDS = commandsOf(['compute', 'bindings', 'any']);

/** Those of such scopes, but for what ends the pass or the encoder. */
function commandsOf(scopes: readonly string[]): readonly string[] {
  return [...RECORDED_BY_NAME.keys()].filter((name) => scopes.includes(scopeOf(name)) && !name.endsWith('PassEncoder.end') && name !== 'Encoder.fail');
}

const TEXTURES: readonly string[] = ['GPUTexture', 'GPUTextureView'];
const RESOURCES: readonly string[] = ['GPUBuffer', 'GPUSampler', 'GPUTextureView', 'GPUTexture'];

const needs = new Map<FieldType, readonly (readonly string[])[]>();

/** For each handle that a value of the type must have, the kinds of which one has to exist. */
function neededKinds(type: FieldType): readonly (readonly string[])[] {
  let kinds = needs.get(type);
  if (kinds === undefined) needs.set(type, (kinds = findNeededKinds(type)));
  return kinds;
}

function findNeededKinds(type: FieldType): readonly (readonly string[])[] {
  switch (type.kind) {
    case 'object':
      return [[type.of]];
    case 'texture-or-view':
      return [TEXTURES];
    case 'binding-resource':
      return [RESOURCES];
    case 'no-object':
      return [[]];
    case 'dict':
      return dictionary(type.name).fields.filter((field) => field.required).flatMap((field) => neededKinds(field.type));
    default:
      return [];
  }
}

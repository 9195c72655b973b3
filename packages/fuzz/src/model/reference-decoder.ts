import { INLINE } from '@gpup/wire';
import { dictionary, presenceMasks, RECORDED_BY_OP, scopeOf, UNKNOWN_COMMAND } from '../schema-index.ts';
import type { FieldSchema, FieldType, PacketSchema } from '../schema.ts';
import type { ModelObject, ObjectModel } from './object-model.ts';

/** What a decoder is bounded by, besides the packet itself. */
export interface DecoderBounds {
  /** Null where there is no heap. */
  readonly heapBytes: number | null;
  readonly labelBytesMax: number;
  readonly shaderBytesMax: number;
  /** Of one command encoder. */
  readonly passCountMax: number;
}

/** One field of a packet, where it lies. */
export interface Span {
  readonly type: FieldType;
  readonly at: number;
  /** Behind its last word. Of a sequence, record, dictionary or block: behind its first. */
  readonly end: number;
}

/** A recorded command in a packet. `args` is behind its head. */
export interface CommandSpan {
  readonly name: string;
  readonly at: number;
  readonly args: number;
  readonly end: number;
}

/** Thrown to stop decoding: a constant, so that it costs no stack trace. */
const STOP = { stop: true };

const scratchU32 = new Uint32Array(2);
const scratchF32 = new Float32Array(scratchU32.buffer);
const scratchF64 = new Float64Array(scratchU32.buffer);

/**
 * A second decoder of a guest's packets, driven by the generated schema instead of generated code. It
 * says which fault a packet is, where the host's decoder must say the same, and where the fields are.
 *
 * It is written for plainness and looks at nothing of the host's.
 */
export class ReferenceDecoder {
  readonly #objects: ObjectModel;
  #words: Uint32Array = new Uint32Array(0);
  #position = 0;
  #end = 0;
  #stringBytesMax = 0;
  #heapBytes: number | null = null;
  #passCount = 0;
  #bounds: DecoderBounds = { heapBytes: null, labelBytesMax: 0, shaderBytesMax: 0, passCountMax: 0 };
  #spans: Span[] | null = null;
  #commandSpans: CommandSpan[] | null = null;

  /** The fault of the last packet, or null. */
  fault: string | null = null;
  /** The packet or the recorded command that the fault is in. */
  row = '';
  self: ModelObject | null = null;
  request = 0;
  result = 0;
  /** First word of each top-level field, and the number it holds. */
  readonly fieldAt: number[] = [];
  readonly fieldValue: number[] = [];
  /** Everything that the packet names, each once. */
  references: ModelObject[] = [];
  /** Recorded commands that were decoded to their end. */
  readonly commands: string[] = [];
  payloadBytes = 0;

  constructor(objects: ObjectModel) {
    this.#objects = objects;
  }

  /** Decodes words[0, length) as the packet that `schema` describes. `spans` collects the fields, if given. */
  decode(schema: PacketSchema, words: Uint32Array, bounds: DecoderBounds, spans: Span[] | null = null, commandSpans: CommandSpan[] | null = null): void {
    this.#words = words;
    this.#position = 2;
    this.#end = words.length;
    this.#bounds = bounds;
    this.#heapBytes = bounds.heapBytes;
    this.#stringBytesMax = schema.name === 'GPUDevice.createShaderModule' ? bounds.shaderBytesMax : bounds.labelBytesMax;
    this.#spans = spans;
    this.#commandSpans = commandSpans;
    this.#begin(schema.name);
    try {
      this.#packet(schema);
    } catch (stop) {
      if (stop !== STOP) throw stop;
    }
  }

  #begin(name: string): void {
    this.fault = null;
    this.row = name;
    this.self = null;
    this.request = 0;
    this.result = 0;
    this.fieldAt.length = 0;
    this.fieldValue.length = 0;
    this.references = [];
    this.commands.length = 0;
    this.payloadBytes = 0;
  }

  #stop(fault: string): never {
    this.fault = fault;
    throw STOP;
  }

  #packet(schema: PacketSchema): void {
    if (schema.self !== null) this.self = this.#spannedObject({ kind: 'object', of: schema.self });
    if (schema.request) {
      this.#spans?.push({ type: REQUEST, at: this.#position, end: this.#position + 1 });
      this.request = this.#u32();
    }
    if (schema.result !== null) this.result = this.#fresh();
    const blockAt = this.#fields(schema.fields);
    if (this.#position !== this.#end) this.#stop('packet-trailing');
    // The block is played only once the packet around it is known to be whole.
    if (blockAt >= 0) this.#block(blockAt, BLOCK_SCOPES[schema.name] ?? 'encoder');
  }

  #spannedObject(type: FieldType & { kind: 'object' }): ModelObject {
    this.#spans?.push({ type, at: this.#position, end: this.#position + 1 });
    return this.#object(type.of);
  }

  #fresh(): number {
    this.#spans?.push({ type: RESULT, at: this.#position, end: this.#position + 1 });
    const handle = this.#u32();
    const fault = this.#objects.freshFault(handle);
    if (fault !== null) this.#stop(fault);
    return handle;
  }

  /** Returns where the counted block of commands is, or -1. */
  #fields(fields: readonly FieldSchema[]): number {
    let blockAt = -1;
    for (const { type } of fields) {
      this.fieldAt.push(this.#position);
      if (type.kind === 'commands') blockAt = this.#position;
      this.fieldValue.push(this.#value(type));
    }
    return blockAt;
  }

  #block(at: number, outerScope: string): void {
    this.#heapBytes = null;
    this.#stringBytesMax = this.#bounds.labelBytesMax;
    this.#passCount = 0;
    let scope = outerScope;
    const blockEnd = at + 1 + (this.#words[at] as number);
    for (let command = at + 1; command < blockEnd; ) {
      const head = this.#words[command] as number;
      const isLong = head >>> 16 === 0xffff && command + 1 < blockEnd;
      const length = isLong ? (this.#words[command + 1] as number) : head >>> 16;
      const schema = RECORDED_BY_OP.get(head & 0xffff);
      this.row = schema?.name ?? UNKNOWN_COMMAND;
      if (length < (isLong ? 2 : 1) || length > blockEnd - command) this.#stop('command-length');
      if (schema === undefined) return this.#stop('bad-command');
      this.#position = command + (isLong ? 2 : 1);
      this.#end = command + length;
      this.#commandSpans?.push({ name: schema.name, at: command, args: this.#position, end: this.#end });
      const firstField = this.fieldAt.length;
      this.#fields(schema.fields);
      if (this.#position !== this.#end) this.#stop('packet-trailing');
      scope = this.#execute(schema.name, scope, firstField);
      this.fieldAt.length = firstField;
      this.fieldValue.length = firstField;
      this.commands.push(schema.name);
      command += length;
    }
  }

  /** Checks what commands are checked for after their decoding, and returns the scope that follows. */
  #execute(name: string, scope: string, firstField: number): string {
    if (!allows(scope, name)) this.#stop('command-scope');
    switch (name) {
      case 'GPUBindingCommandsMixin.setImmediates':
        if ((this.fieldValue[firstField] as number) % 4 !== 0 || (this.fieldValue[firstField + 1] as number) % 4 !== 0) this.#stop('immediates-alignment');
        return scope === 'opened' ? 'render' : scope;
      case 'GPUCommandEncoder.beginRenderPass':
      case 'GPUCommandEncoder.beginComputePass':
        if (++this.#passCount > this.#bounds.passCountMax) this.#stop('pass-count');
        return name === 'GPUCommandEncoder.beginRenderPass' ? 'opened' : 'compute';
      case 'RecordedPass.replay':
        this.#checkRecordedPass(this.fieldValue[firstField] as number);
        return 'replayed';
      case 'GPURenderPassEncoder.end':
      case 'GPUComputePassEncoder.end':
        return 'encoder';
      default:
        // A pass that has just begun has its first command.
        return scope === 'opened' ? 'render' : scope;
    }
  }

  /** Everything that the pass named must have its handle still. */
  #checkRecordedPass(handle: number): void {
    const pass = this.#objects.lookup(handle) as ModelObject;
    if (pass.references.some(({ isNamed }) => !isNamed)) this.#stop('stale-handle');
  }

  // Primitives. Each checks in the order in which the protocol's text does.

  #take(count: number): number {
    const at = this.#position;
    if (count > this.#end - at) this.#stop('packet-truncated');
    this.#position = at + count;
    return at;
  }

  #u32(): number {
    return this.#words[this.#take(1)] as number;
  }

  #count(): number {
    const count = this.#u32();
    if (count > this.#end - this.#position) this.#stop('bad-count');
    return count;
  }

  #u64(): number {
    const at = this.#take(2);
    const high = this.#words[at + 1] as number;
    if (high >= 0x200000) this.#stop('bad-integer');
    return high * 2 ** 32 + (this.#words[at] as number);
  }

  #float(wordCount: 1 | 2): number {
    const at = this.#take(wordCount);
    scratchU32[0] = this.#words[at] as number;
    scratchU32[1] = this.#words[at + wordCount - 1] as number;
    const value = (wordCount === 1 ? scratchF32[0] : scratchF64[0]) as number;
    if (!Number.isFinite(value)) this.#stop('bad-float');
    return value;
  }

  #string(): number {
    const byteLength = this.#position < this.#end ? (this.#words[this.#position] as number) : 0;
    if (byteLength > this.#stringBytesMax) this.#stop('string-size');
    this.#u32();
    this.#take(Math.ceil(byteLength / 4));
    return byteLength;
  }

  #payload(): number {
    const byteLength = this.#u32();
    const location = this.#u32();
    if (location === INLINE) this.#take(Math.ceil(byteLength / 4));
    else if (this.#heapBytes === null || location + byteLength > this.#heapBytes) this.#stop('heap-range');
    this.payloadBytes = byteLength;
    return byteLength;
  }

  #named(): ModelObject {
    const found = this.#objects.lookup(this.#u32());
    if (typeof found === 'string') return this.#stop(found);
    return found;
  }

  #noted(object: ModelObject): ModelObject {
    if (!this.references.includes(object)) this.references.push(object);
    return object;
  }

  #object(kind: string): ModelObject {
    const object = this.#named();
    if (object.kind !== kind) this.#stop('wrong-kind');
    return this.#noted(object);
  }

  #oneOf(kinds: readonly string[]): void {
    const object = this.#named();
    if (!kinds.includes(object.kind)) this.#stop('wrong-kind');
    this.#noted(object);
  }

  #isZero(): boolean {
    return this.#position < this.#end && this.#words[this.#position] === 0;
  }

  /** Reads a value of any type; returns the number that stands for it. */
  #value(type: FieldType): number {
    const spans = this.#spans;
    if (spans === null) return this.#read(type);
    const at = this.#position;
    const index = spans.length;
    // In front of its parts, and known also if reading stops in it.
    spans.push({ type, at, end: Math.min(at + (isWide(type) ? 2 : 1), this.#end) });
    const value = this.#read(type);
    if (type.kind === 'string' || type.kind === 'payload' || type.kind === 'u32-array') spans[index] = { type, at, end: this.#position };
    return value;
  }

  #read(type: FieldType): number {
    switch (type.kind) {
      case 'bool':
        return this.#bool();
      case 'u32':
      case 'i32':
      case 'handle':
        return this.#u32();
      case 'u64':
        return this.#u64();
      case 'optional-u64':
        return this.#optionalU64();
      case 'f32':
        return this.#float(1);
      case 'f64':
        return this.#float(2);
      case 'string':
        return this.#string();
      case 'payload':
        return this.#payload();
      case 'enum':
        return this.#enum(type.count);
      case 'enum-or-null':
        return this.#isZero() ? this.#u32() : this.#enum(type.count);
      case 'dict':
        return this.#dictionary(type.name);
      case 'nullable':
        return this.#bool() === 1 ? this.#value(type.of) : 0;
      case 'sequence':
      case 'record':
        return this.#elements(type);
      case 'u32-array':
      case 'commands':
        return this.#take(this.#count());
      default:
        return this.#handle(type);
    }
  }

  #handle(type: FieldType): number {
    switch (type.kind) {
      case 'object':
        return this.#object(type.of).handle;
      case 'object-or-null':
        return this.#isZero() ? this.#u32() : this.#object(type.of).handle;
      case 'layout-or-auto':
        return this.#isZero() ? this.#u32() : this.#object('GPUPipelineLayout').handle;
      case 'texture-or-view':
        this.#oneOf(['GPUTexture', 'GPUTextureView']);
        return 0;
      case 'binding-resource':
        return this.#bindingResource();
      default:
        this.#u32();
        return this.#stop('wrong-kind');
    }
  }

  #bool(): number {
    const value = this.#u32();
    if (value > 1) this.#stop('bad-boolean');
    return value;
  }

  #optionalU64(): number {
    const isAbsent = this.#end - this.#position >= 2 && this.#words[this.#position] === 0xffffffff && this.#words[this.#position + 1] === 0xffffffff;
    if (isAbsent) return this.#take(2);
    return this.#u64();
  }

  #enum(count: number): number {
    const value = this.#u32();
    if (value === 0 || value > count) this.#stop('bad-enum');
    return value;
  }

  #dictionary(name: string): number {
    const { known, required } = presenceMasks(name);
    const bits = this.#u32();
    if ((bits & ~known) !== 0) this.#stop('unknown-field');
    if ((~bits & required) !== 0) this.#stop('missing-field');
    for (const field of dictionary(name).fields) {
      if ((bits & (2 ** field.number)) !== 0) this.#value(field.type);
    }
    return bits;
  }

  #elements(type: FieldType & { kind: 'sequence' | 'record' }): number {
    const count = this.#count();
    for (let i = 0; i < count; i++) {
      if (type.kind === 'record') this.#value(STRING);
      this.#value(type.of);
    }
    return count;
  }

  #bindingResource(): number {
    const tag = this.#u32();
    if (tag === 1) return this.#value(BUFFER_BINDING);
    if (tag !== 0) this.#stop('bad-tag');
    this.#spans?.push({ type: ANY_RESOURCE, at: this.#position, end: this.#position + 1 });
    this.#oneOf(['GPUSampler', 'GPUTexture', 'GPUTextureView', 'GPUBuffer']);
    return 0;
  }
}

/** Spans that are no field of the IDL. */
export const REQUEST: FieldType = { kind: 'u32' };
export const RESULT: FieldType = { kind: 'handle' };
const STRING: FieldType = { kind: 'string' };
const BUFFER_BINDING: FieldType = { kind: 'dict', name: 'GPUBufferBinding' };
/** Behind the tag of a binding's resource. */
export const ANY_RESOURCE: FieldType = { kind: 'object', of: 'GPUBuffer' };

function isWide(type: FieldType): boolean {
  return type.kind === 'u64' || type.kind === 'optional-u64' || type.kind === 'f64';
}

/** Where the commands of a packet stand, if not in a command encoder. */
const BLOCK_SCOPES: Readonly<Record<string, string>> = { 'GPURenderBundleEncoder.finish': 'bundle', 'RecordedPass.define': 'body' };
/** body: inside of a render pass that is not there yet; opened: in one that has no command yet. */
const RENDER_SCOPES: readonly string[] = ['render', 'opened', 'body'];

function allows(scope: string, command: string): boolean {
  const needed = scopeOf(command);
  if (scope === 'replayed') return needed === 'any' || command === 'GPURenderPassEncoder.end';
  switch (needed) {
    case 'any':
      return true;
    case 'draws':
      return scope === 'bundle' || RENDER_SCOPES.includes(scope);
    case 'bindings':
      return scope !== 'encoder';
    case 'render':
      return RENDER_SCOPES.includes(scope) && !(scope === 'body' && command === 'GPURenderPassEncoder.end');
    default:
      return scope === needed;
  }
}

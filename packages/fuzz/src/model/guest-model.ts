import { PROTOCOL_MAJOR, Reader } from '@gpup/wire';
import { REPLIES } from '@gpup/wire/numbers';
import type { ProcessorStatistics, VfLimits } from '@gpup/vf';
import { PACKET_BY_OPCODE, UNKNOWN_OPCODE } from '../schema-index.ts';
import type { PacketSchema } from '../schema.ts';
import { type ModelObject, ObjectModel } from './object-model.ts';
import { type DecoderBounds, ReferenceDecoder } from './reference-decoder.ts';

/** What must come of a packet. */
export interface Prediction {
  /** The packet, or the recorded command in which the fault is. */
  row: string;
  /** The one fault that it must be, or null. */
  fault: string | null;
  /** Faults that it may be instead of being accepted, as they depend on what the model does not follow. */
  mayFault: readonly string[];
}

const NO_FAULTS: readonly string[] = [];
const MAPPED_RANGE: readonly string[] = ['mapped-range'];
const SCOPE_PARTS: readonly string[] = ['error-scope-count'];
/** The model does not follow which scope an error of the host's own lands in; a usual limit is out of reach. */
const SCOPE_PARTS_REACHABLE = 1000;
const decoder = new TextDecoder();

/** Below the first nobody is served; from the second on there are escapes. */
const LEVEL_MIN = 24;
const LEVEL_OF_ESCAPES = 29;
/** Words of each escape's request, by its number: statistics, latency-class. */
const ESCAPE_FIELDS: Readonly<Record<number, number>> = { 1: 0, 2: 1 };
const ESCAPE_VERSION = 1;
const ESCAPE_WORDS_MAX = 16;
const LATENCY_CLASS_COUNT = 2;

/** Requests whose result is an object; their ids have this bit, so that a reply is never taken for another's. */
export const CREATING_REQUEST_BIT = 0x4000_0000;
const CREATING_REQUESTS: ReadonlySet<string> = new Set([
  'GPU.requestAdapter',
  'GPUAdapter.requestDevice',
  'GPUDevice.createComputePipelineAsync',
  'GPUDevice.createRenderPipelineAsync',
]);

export function isCreatingRequest(name: string): boolean {
  return CREATING_REQUESTS.has(name);
}

export interface GuestModelOptions {
  readonly limits: VfLimits;
  readonly heapBytes: number | null;
}

/**
 * What a context must be like after the packets so far, kept beside the host's own records: every fault
 * of the decoder and of the object table, and the accounts that the host publishes.
 */
export class GuestModel {
  readonly objects: ObjectModel;
  readonly decoder: ReferenceDecoder;
  readonly limits: VfLimits;
  readonly bounds: DecoderBounds;
  isGreeted = false;
  pendingRequestCount = 0;
  submitSerial = 0;
  /** Errors that the host has reported since this was last cleared. */
  errorCount = 0;
  /** The host has said its last word. */
  lossCode: string | null = null;
  /** Regions of the heap that requests named and that the host may therefore write, as begin and end. */
  readonly writable: (readonly [number, number])[] = [];
  /** Open error scopes of each device that is not lost. */
  readonly #scopeDepths = new Map<ModelObject, number>();
  /** Objects that wait for a reply, by request. */
  readonly #awaited = new Map<number, readonly ModelObject[]>();
  #labelCharacters = 0;
  #featureLevel = 0;
  readonly #reader = new Reader();
  readonly #prediction: Prediction = { row: '', fault: null, mayFault: NO_FAULTS };
  #schema: PacketSchema | undefined;
  #words: Uint32Array = new Uint32Array(0);

  constructor({ limits, heapBytes }: GuestModelOptions) {
    this.limits = limits;
    this.objects = new ObjectModel(limits.objectCountMax, (object) => this.#freed(object));
    this.decoder = new ReferenceDecoder(this.objects);
    this.bounds = { heapBytes, labelBytesMax: limits.labelBytesMax, shaderBytesMax: limits.shaderBytesMax, passCountMax: limits.passCountMax };
  }

  /** What must come of the packet if it is sent now. The result is valid until the next call. */
  predict(words: Uint32Array): Prediction {
    const prediction = this.#prediction;
    const schema = PACKET_BY_OPCODE.get(words[0] as number);
    this.#schema = schema;
    this.#words = words;
    prediction.row = schema?.name ?? UNKNOWN_OPCODE;
    prediction.mayFault = NO_FAULTS;
    if (!this.isGreeted && schema?.name !== 'Context.hello') prediction.fault = 'no-hello';
    else if (schema === undefined) prediction.fault = 'bad-opcode';
    else {
      this.decoder.decode(schema, words, this.bounds);
      prediction.fault = this.decoder.fault ?? this.#handlerFault(schema);
      prediction.row = this.decoder.fault === null ? schema.name : this.decoder.row;
      if (schema.name === 'GPUBuffer.readMapped' || schema.name === 'GPUBuffer.writeMapped') prediction.mayFault = MAPPED_RANGE;
      else if (this.limits.errorScopeSegmentCountMax < SCOPE_PARTS_REACHABLE) prediction.mayFault = SCOPE_PARTS;
    }
    return prediction;
  }

  /** The packet last predicted brings a bundle, and its fault is in one of the bundle's commands. */
  get isInsideBundle(): boolean {
    return this.#schema?.name === 'GPURenderBundleEncoder.finish' && this.#prediction.row !== this.#schema.name;
  }

  #handlerFault(schema: PacketSchema): string | null {
    if (expectsReply(schema) && this.pendingRequestCount >= this.limits.pendingRequestCountMax) return 'pending-requests';
    return this.#specificFault(schema) ?? (schema.result === null ? null : this.#additionFault(schema));
  }

  /** In the order in which the handler checks. */
  #specificFault({ name }: PacketSchema): string | null {
    const { decoder, limits } = this;
    const value = (index: number): number => decoder.fieldValue[index] as number;
    switch (name) {
      case 'Context.hello':
        if (this.isGreeted) return 'hello-twice';
        if (value(0) !== PROTOCOL_MAJOR) return 'protocol-version';
        return value(2) < LEVEL_MIN ? 'feature-level' : null;
      case 'Context.release':
        return this.#releaseFault();
      case 'Context.escape':
        return this.#escapeFault(value(1), value(2), this.#listIn(3));
      case 'Object.setLabel':
        return this.#labelFault(value(0));
      case 'GPUQueue.submit':
        return this.#submitFault();
      case 'GPUQueue.writeBuffer':
        return decoder.payloadBytes % 4 === 0 ? null : 'write-alignment';
      case 'GPUDevice.pushErrorScope':
        return this.#isDeviceThere() && this.#scopeCount() >= limits.errorScopeDepthMax ? 'error-scope-depth' : null;
      case 'GPUBuffer.mapAsync':
        return this.#destinationFault(value(3), value(4)) ?? (value(4) > value(2) ? 'mapped-range' : null);
      case 'GPUBuffer.readMapped':
        return this.#destinationFault(value(3), value(4));
      default:
        return null;
    }
  }

  /** Every escape is open. One that is refused, and whose data nobody looks at, is no fault. */
  #escapeFault(number: number, version: number, data: Uint32Array): string | null {
    const fieldCount = ESCAPE_FIELDS[number];
    const isRefused = fieldCount === undefined || version !== ESCAPE_VERSION || data.length > ESCAPE_WORDS_MAX || this.#featureLevel < LEVEL_OF_ESCAPES;
    if (isRefused) return null;
    if (data.length < fieldCount) return 'packet-truncated';
    // The one field that there is, a latency class: it is decoded before anything behind it is missed.
    if (fieldCount === 1 && (data[0] === 0 || (data[0] as number) > LATENCY_CLASS_COUNT)) return 'bad-enum';
    return data.length > fieldCount ? 'packet-trailing' : null;
  }

  #isDeviceThere(): boolean {
    return this.#scopeDepths.has(this.decoder.self as ModelObject);
  }

  /** Over all devices. */
  #scopeCount(): number {
    let sum = 0;
    for (const depth of this.#scopeDepths.values()) sum += depth;
    return sum;
  }

  #changeScopes(by: number): void {
    const device = this.decoder.self as ModelObject;
    const depth = this.#scopeDepths.get(device);
    if (depth !== undefined) this.#scopeDepths.set(device, Math.max(0, depth + by));
  }

  /** Lost, or nothing names it any more. */
  #deviceEnded(device: ModelObject): void {
    this.#scopeDepths.delete(device);
  }

  #freed(object: ModelObject): void {
    this.#labelCharacters -= object.labelCharacters;
    this.#deviceEnded(object);
  }

  /** Characters of the string in a top-level field. */
  #characterCount(index: number): number {
    const at = this.decoder.fieldAt[index] as number;
    const words = this.#words;
    return decoder.decode(new Uint8Array(words.buffer, words.byteOffset + (at + 1) * 4, words[at])).length;
  }

  #labelFault(handle: number): string | null {
    const object = this.objects.lookup(handle);
    if (typeof object === 'string') return object;
    const characters = this.#labelCharacters - object.labelCharacters + this.#characterCount(1);
    return characters > this.limits.labelCharacterCountMax ? 'label-size' : null;
  }

  #relabel(handle: number): void {
    const object = this.objects.lookup(handle);
    if (typeof object === 'string') return;
    const characters = this.#characterCount(1);
    this.#labelCharacters += characters - object.labelCharacters;
    object.labelCharacters = characters;
  }

  #destinationFault(into: number, length: number): string | null {
    if (into === 0xffffffff) return length > this.limits.inlineDataBytesMax ? 'reply-size' : null;
    const { heapBytes } = this.bounds;
    return heapBytes === null || into + length > heapBytes ? 'heap-range' : null;
  }

  /** The words of a field that is a list of handles. */
  #handleList(): Uint32Array {
    return this.#listIn(0);
  }

  #listIn(index: number): Uint32Array {
    const at = this.decoder.fieldAt[index] as number;
    return this.#words.subarray(at + 1, at + 1 + (this.#words[at] as number));
  }

  #releaseFault(): string | null {
    const seen = new Set<number>();
    for (const handle of this.#handleList()) {
      const fault = seen.has(handle) ? 'stale-handle' : faultOf(this.objects.lookup(handle));
      if (fault !== null) return fault;
      seen.add(handle);
    }
    return null;
  }

  #submitFault(): string | null {
    for (const handle of this.#handleList()) {
      if (handle === 0) continue;
      const object = this.objects.lookup(handle);
      if (typeof object === 'string') return object;
      if (object.kind !== 'GPUCommandBuffer') return 'wrong-kind';
    }
    return null;
  }

  /** Adding to the table and to the journal, as far as limits are concerned. */
  #additionFault({ name }: PacketSchema): string | null {
    const { objects, limits } = this;
    // Handles have been counted when the fresh one was looked at.
    const isFull = (added: number): boolean => objects.handleCount + added >= limits.objectCountMax || objects.recordCount + added >= limits.recordCountMax;
    if (isFull(0)) return 'object-count';
    if (objects.journalBytes + this.#words.byteLength > limits.journalBytesMax) return 'journal-size';
    if (name !== 'GPUAdapter.requestDevice') return null;
    const queue = this.decoder.fieldValue[0] as number;
    if (queue % 2 ** 20 === 0) return 'bad-handle';
    if (isFull(1)) return 'object-count';
    return queue % 2 ** 20 === this.decoder.result % 2 ** 20 ? 'busy-handle' : objects.freshFault(queue);
  }

  /** The packet last predicted was accepted: what it changes, before any reply to it. */
  accept(): void {
    const schema = this.#schema as PacketSchema;
    if (expectsReply(schema)) this.pendingRequestCount++;
    if (schema.result !== null) this.#create(schema, schema.result);
    this.#effects(schema.name);
  }

  #create(schema: PacketSchema, kind: string): void {
    const { decoder } = this;
    const isPending = CREATING_REQUESTS.has(schema.name);
    const object = this.objects.add(decoder.result, kind, { isPending, references: decoder.references, packetBytes: this.#words.byteLength });
    if (!isPending) return;
    const along: ModelObject[] = [];
    if (schema.name === 'GPUAdapter.requestDevice') {
      along.push(this.objects.add(decoder.fieldValue[0] as number, 'GPUQueue', { isPending, references: [object], packetBytes: 0 }));
    }
    // The queue first: it is what goes first if the device is never delivered.
    this.#awaited.set(decoder.request, [...along, object]);
  }

  #effects(name: string): void {
    const { decoder } = this;
    const value = (index: number): number => decoder.fieldValue[index] as number;
    switch (name) {
      case 'Context.hello':
        this.isGreeted = true;
        this.#featureLevel = value(2);
        break;
      case 'Context.release':
        for (const handle of this.#handleList()) this.#release(handle);
        break;
      case 'Object.setLabel':
        this.#relabel(value(0));
        break;
      case 'GPUQueue.submit':
        this.submitSerial++;
        for (const handle of new Set(this.#handleList())) if (handle !== 0) this.#release(handle);
        break;
      case 'GPUDevice.destroy':
        this.#deviceEnded(decoder.self as ModelObject);
        break;
      case 'GPUDevice.pushErrorScope':
        this.#changeScopes(1);
        break;
      case 'GPUDevice.popErrorScope':
        this.#changeScopes(-1);
        break;
      case 'GPUBuffer.mapAsync':
      case 'GPUBuffer.readMapped':
        if (value(3) !== 0xffffffff) this.writable.push([value(3), value(3) + value(4)]);
        break;
      default:
        break;
    }
  }

  #release(handle: number): void {
    const object = this.objects.lookup(handle);
    if (typeof object !== 'string') this.objects.release(object);
  }

  /** A packet from the host: of its content only what changes what must come next. */
  receive(words: Uint32Array, begin: number): void {
    const first = words[begin + 2] as number;
    switch (words[begin]) {
      case REPLIES['Reply.done']:
        return this.#settle(first, true);
      case REPLIES['Reply.json']:
        return this.#settle(first, words[begin + 3] !== NO_ADAPTER_BYTES);
      case REPLIES['Reply.error']:
        this.errorCount++;
        return this.#settle(first, false);
      case REPLIES['Reply.scope']:
      case REPLIES['Reply.data']:
      case REPLIES['Reply.escape']:
        this.pendingRequestCount--;
        return;
      case REPLIES['Event.uncapturedError']:
        this.errorCount++;
        return;
      case REPLIES['Event.deviceLost']:
        for (const device of this.#scopeDepths.keys()) if (device.handle === first) this.#deviceEnded(device);
        return;
      case REPLIES['Event.contextLost']:
        this.lossCode = this.#firstString(words, begin);
        return;
      default:
        return;
    }
  }

  #firstString(words: Uint32Array, begin: number): string {
    this.#reader.open(words, begin + 2, words.length);
    return this.#reader.string();
  }

  /** What the host's accounts must be now, or the first that differs. */
  difference(statistics: ProcessorStatistics): string | null {
    const { objects } = this;
    if (statistics.handleCount !== objects.handleCount) return differing('handleCount', statistics.handleCount, objects.handleCount);
    if (statistics.recordCount !== objects.recordCount) return differing('recordCount', statistics.recordCount, objects.recordCount);
    if (statistics.journalBytes !== objects.journalBytes) return differing('journalBytes', statistics.journalBytes, objects.journalBytes);
    if (statistics.deviceCount !== objects.deviceCount) return differing('deviceCount', statistics.deviceCount, objects.deviceCount);
    if (statistics.pendingRequestCount !== this.pendingRequestCount) return differing('pendingRequestCount', statistics.pendingRequestCount, this.pendingRequestCount);
    if (statistics.submitSerial !== this.submitSerial) return differing('submitSerial', statistics.submitSerial, this.submitSerial);
    if (!(statistics.vramBytes >= 0) || !(statistics.mappedBytes >= 0)) return `vramBytes is ${statistics.vramBytes}, mappedBytes ${statistics.mappedBytes}`;
    return null;
  }

  #settle(request: number, isDelivered: boolean): void {
    this.pendingRequestCount--;
    const objects = this.#awaited.get(request);
    if (objects === undefined) return;
    this.#awaited.delete(request);
    for (const object of objects) {
      if (!isDelivered) this.objects.retract(object);
      else {
        this.objects.delivered(object);
        if (object.kind === 'GPUDevice') this.#scopeDepths.set(object, 0);
      }
    }
  }
}

/** `{"adapter":null}`: no other answer is that short. */
const NO_ADAPTER_BYTES = 16;

function differing(name: keyof ProcessorStatistics, actual: number, expected: number): string {
  return `${name} is ${actual}, expected ${expected}`;
}

function expectsReply(schema: PacketSchema): boolean {
  return schema.request || schema.name === 'GPUBuffer.readMapped' || schema.name === 'Context.escape';
}

function faultOf(found: ModelObject | string): string | null {
  return typeof found === 'string' ? found : null;
}

import { INLINE, PROTOCOL_MAJOR, PROTOCOL_MINOR, FEATURE_LEVEL, Reader, Writer, handles } from '@gpup/wire';
import type { HostLink } from '@gpup/bus';
import type { ContextSlot } from '@gpup/vidmm';
import type * as T from '@gpup/wire/dictionaries';
import * as encode from '@gpup/wire/encode';
import { dispatchReply, type ReplyHandlers } from '@gpup/wire/replies';
import type { Backend } from '../backend.ts';
import { CommandProcessor, type ProcessorEnd } from '../command-processor.ts';
import type { VfLimits } from '../limits.ts';
import type { TurnHost } from '../turn-gate.ts';
import { MemoryLink } from './memory-link.ts';

export type Reply =
  | { readonly kind: 'done' }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'error'; readonly name: string; readonly reason: string; readonly message: string }
  | { readonly kind: 'scope'; readonly filter: T.GPUErrorFilter | null; readonly message: string }
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'escape'; readonly words: Uint32Array };

export interface GuestOptions {
  readonly backend: Backend;
  readonly limits?: Partial<VfLimits>;
  /** Null for a guest on a byte stream. */
  readonly heapBytes?: number | null;
  readonly escapes?: readonly string[];
  /** What the processor is given in place of the link itself. */
  readonly wrap?: (link: MemoryLink) => HostLink;
  readonly slot?: ContextSlot;
  readonly nowMs?: () => number;
  readonly turns?: TurnHost;
}

export interface GuestDevice {
  readonly adapter: number;
  readonly handle: number;
  readonly queue: number;
}

const HEAP_BYTES = 1 << 20;

/**
 * A guest whose every packet is a line of a test. It allocates handles as a guest driver does and
 * checks nothing, so a test can also break the protocol with it.
 */
export class ScriptedGuest {
  readonly link: MemoryLink;
  readonly processor: CommandProcessor;
  readonly uncaptured: { readonly filter: string; readonly message: string }[] = [];
  readonly lostDevices: { readonly device: number; readonly reason: string; readonly message: string }[] = [];
  /** Kinds of replies in the order of their arrival, with the request. */
  readonly order: number[] = [];
  welcome: unknown = null;
  contextLost: { readonly code: string; readonly message: string } | null = null;
  end: ProcessorEnd | null = null;
  readonly #generations: number[] = [0];
  readonly #free: number[] = [];
  readonly #requests = new Map<number, (reply: Reply) => void>();
  #nextRequest = 1;

  constructor({ backend, limits = {}, heapBytes = HEAP_BYTES, wrap = (link) => link, ...options }: GuestOptions) {
    this.link = new MemoryLink(heapBytes);
    this.processor = new CommandProcessor({ link: wrap(this.link), backend, limits, ...options, report: (end) => { this.end = end; } });
    const reader = new Reader();
    this.link.onReply = (words, begin, end) => {
      const packet = words.slice(begin, end);
      reader.open(packet, 2, packet.length);
      dispatchReply(this.#replyHandlers(), packet[0] as number, reader);
    };
  }

  #replyHandlers(): ReplyHandlers {
    const settle = (request: number, reply: Reply): void => {
      this.order.push(request);
      this.#requests.get(request)?.(reply);
      this.#requests.delete(request);
    };
    return {
      'Reply.done': (request) => settle(request, { kind: 'done' }),
      'Reply.json': (request, text) => settle(request, { kind: 'json', value: JSON.parse(text) as unknown }),
      'Reply.error': (request, name, reason, message) => settle(request, { kind: 'error', name, reason, message }),
      'Reply.scope': (request, filter, message) => settle(request, { kind: 'scope', filter, message }),
      'Reply.data': (request, bytes) => settle(request, { kind: 'data', bytes: bytes.slice() }),
      'Reply.escape': (request, words) => settle(request, { kind: 'escape', words: words.slice() }),
      'Event.welcome': (_major, _minor, _level, text) => { this.welcome = JSON.parse(text) as unknown; },
      'Event.deviceLost': (device, reason, message) => { this.lostDevices.push({ device, reason, message }); },
      'Event.uncapturedError': (_device, filter, message) => { this.uncaptured.push({ filter, message }); },
      'Event.contextLost': (code, message) => { this.contextLost = { code, message }; },
    };
  }

  // Packets

  /** Sends what `write` writes: one packet or several. */
  post(write: (w: Writer) => void): void {
    const writer = new Writer(64);
    write(writer);
    for (let at = 0; at < writer.length; ) {
      const length = writer.words[at + 1] as number;
      this.link.deliver(writer.words.slice(at, at + length));
      at += length;
    }
  }

  raw(...words: number[]): void {
    this.link.deliver(Uint32Array.from(words));
  }

  ask(write: (w: Writer, request: number) => void): Promise<Reply> {
    const request = this.#nextRequest++;
    const reply = new Promise<Reply>((resolve) => this.#requests.set(request, resolve));
    this.post((w) => write(w, request));
    return reply;
  }

  hello(featureLevel = FEATURE_LEVEL): void {
    this.post((w) => encode.encodeContextHello(w, PROTOCOL_MAJOR, PROTOCOL_MINOR, featureLevel, ''));
  }

  escape(number: number, version: number, ...words: number[]): Promise<Reply> {
    return this.ask((w, request) => encode.encodeContextEscape(w, request, number, version, words));
  }

  // Handles

  handle(): number {
    const index = this.#free.pop() ?? this.#generations.push(0) - 1;
    return handles.makeHandle(index, this.#generations[index] as number);
  }

  /** The host dropped it by itself. */
  forget(handle: number): void {
    const index = handles.indexOf(handle);
    this.#generations[index] = (handles.generationOf(handle) + 1) & handles.GENERATION_MASK;
    this.#free.push(index);
  }

  release(...released: number[]): void {
    this.post((w) => encode.encodeContextRelease(w, released));
    for (const handle of released) this.forget(handle);
  }

  // Objects

  async adapter(): Promise<number> {
    const adapter = this.handle();
    const options = { featureLevel: 'core', forceFallbackAdapter: false, xrCompatible: false };
    await this.ask((w, request) => encode.encodeGPURequestAdapter(w, request, adapter, options));
    return adapter;
  }

  async device(features: readonly T.GPUFeatureName[] = []): Promise<GuestDevice> {
    const adapter = await this.adapter();
    const handle = this.handle();
    const queue = this.handle();
    const reply = await this.requestDevice({ adapter, handle, queue }, features);
    if (reply.kind !== 'json') throw new Error(`requestDevice was answered with ${JSON.stringify(reply)}.`);
    return { adapter, handle, queue };
  }

  requestDevice({ adapter, handle, queue }: GuestDevice, requiredFeatures: readonly T.GPUFeatureName[] = [], requiredLimits: readonly (readonly [string, number])[] = []): Promise<Reply> {
    const descriptor = { label: '', defaultQueue: { label: '' }, requiredFeatures, requiredLimits };
    return this.ask((w, request) => encode.encodeGPUAdapterRequestDevice(w, adapter, request, handle, queue, descriptor));
  }

  buffer(device: GuestDevice, descriptor: Partial<T.GPUBufferDescriptor> & { readonly size: number; readonly usage: number }): number {
    const result = this.handle();
    this.post((w) => encode.encodeGPUDeviceCreateBuffer(w, device.handle, result, { label: '', mappedAtCreation: false, ...descriptor }));
    return result;
  }

  texture(device: GuestDevice, descriptor: Partial<T.GPUTextureDescriptor> & { readonly usage: number }): number {
    const result = this.handle();
    const defaults = { label: '', dimension: '2d', format: 'rgba8unorm', mipLevelCount: 1, sampleCount: 1, size: extent(4, 4), viewFormats: [] } as const;
    this.post((w) => encode.encodeGPUDeviceCreateTexture(w, device.handle, result, { ...defaults, ...descriptor }));
    return result;
  }

  view(texture: number, descriptor: Partial<T.GPUTextureViewDescriptor> = {}): number {
    const result = this.handle();
    const defaults = { label: '', aspect: 'all', baseArrayLayer: 0, baseMipLevel: 0, swizzle: 'rgba', usage: 0 } as const;
    this.post((w) => encode.encodeGPUTextureCreateView(w, texture, result, { ...defaults, ...descriptor }));
    return result;
  }

  sampler(device: GuestDevice): number {
    const result = this.handle();
    const descriptor = {
      ...{ label: '', addressModeU: 'clamp-to-edge', addressModeV: 'clamp-to-edge', addressModeW: 'clamp-to-edge' },
      ...{ lodMaxClamp: 32, lodMinClamp: 0, magFilter: 'nearest', minFilter: 'nearest', mipmapFilter: 'nearest', maxAnisotropy: 1 },
    } as T.GPUSamplerDescriptor;
    this.post((w) => encode.encodeGPUDeviceCreateSampler(w, device.handle, result, descriptor));
    return result;
  }

  module(device: GuestDevice, code: string): number {
    const result = this.handle();
    this.post((w) => encode.encodeGPUDeviceCreateShaderModule(w, device.handle, result, { label: '', code, compilationHints: [] }));
    return result;
  }

  computePipeline(device: GuestDevice, module: number): number {
    const result = this.handle();
    this.post((w) => encode.encodeGPUDeviceCreateComputePipeline(w, device.handle, result, computeDescriptor(module)));
    return result;
  }

  renderPipeline(device: GuestDevice, module: number, format: T.GPUTextureFormat = 'rgba8unorm'): number {
    const result = this.handle();
    const descriptor: T.GPURenderPipelineDescriptor = {
      label: '',
      layout: 'auto',
      vertex: { module: { handle: module }, constants: [], buffers: [] },
      fragment: { module: { handle: module }, constants: [], targets: [{ format, writeMask: 15 }] },
      primitive: { topology: 'triangle-list', cullMode: 'none', frontFace: 'ccw', unclippedDepth: false },
      multisample: { count: 1, mask: 0xffffffff, alphaToCoverageEnabled: false },
    };
    this.post((w) => encode.encodeGPUDeviceCreateRenderPipeline(w, device.handle, result, descriptor));
    return result;
  }

  layoutOf(computePipeline: number, index: number): number {
    const result = this.handle();
    this.post((w) => encode.encodeGPUComputePipelineGetBindGroupLayout(w, computePipeline, result, index));
    return result;
  }

  bindGroupLayout(device: GuestDevice, entries: readonly T.GPUBindGroupLayoutEntry[]): number {
    const result = this.handle();
    this.post((w) => encode.encodeGPUDeviceCreateBindGroupLayout(w, device.handle, result, { label: '', entries }));
    return result;
  }

  pipelineLayout(device: GuestDevice, layouts: readonly number[]): number {
    const result = this.handle();
    const descriptor = { label: '', bindGroupLayouts: layouts.map((handle) => ({ handle })), immediateSize: 0 };
    this.post((w) => encode.encodeGPUDeviceCreatePipelineLayout(w, device.handle, result, descriptor));
    return result;
  }

  bindGroup(device: GuestDevice, layout: number, resources: readonly T.GPUBindGroupEntry['resource'][]): number {
    const result = this.handle();
    const entries = resources.map((resource, binding) => ({ binding, resource }));
    this.post((w) => encode.encodeGPUDeviceCreateBindGroup(w, device.handle, result, { label: '', layout: { handle: layout }, entries }));
    return result;
  }

  querySet(device: GuestDevice, count: number, type: T.GPUQueryType = 'occlusion'): number {
    const result = this.handle();
    this.post((w) => encode.encodeGPUDeviceCreateQuerySet(w, device.handle, result, { label: '', count, type }));
    return result;
  }

  // Commands

  commandBuffer(device: GuestDevice, record: (w: Writer) => void): number {
    const result = this.handle();
    const block = recorded(record);
    this.post((w) => encode.encodeGPUCommandEncoderFinish(w, device.handle, result, { label: '' }, { label: '' }, block));
    return result;
  }

  bundle(device: GuestDevice, record: (w: Writer) => void): number {
    const result = this.handle();
    const descriptor: T.GPURenderBundleEncoderDescriptor = { label: '', colorFormats: ['rgba8unorm'], sampleCount: 1, depthReadOnly: false, stencilReadOnly: false };
    const block = recorded(record);
    this.post((w) => encode.encodeGPURenderBundleEncoderFinish(w, device.handle, result, descriptor, { label: '' }, block));
    return result;
  }

  submit(device: GuestDevice, ...commandBuffers: number[]): void {
    this.post((w) => encode.encodeGPUQueueSubmit(w, device.queue, commandBuffers));
    for (const handle of new Set(commandBuffers)) if (handle !== 0) this.forget(handle);
  }

  run(device: GuestDevice, record: (w: Writer) => void): void {
    this.submit(device, this.commandBuffer(device, record));
  }

  writeBuffer(device: GuestDevice, buffer: number, offset: number, data: Uint8Array, flags = 0): void {
    this.post((w) => encode.encodeGPUQueueWriteBuffer(w, device.queue, { handle: buffer }, offset, flags, data));
  }

  done(device: GuestDevice): Promise<Reply> {
    return this.ask((w, request) => encode.encodeGPUQueueOnSubmittedWorkDone(w, device.queue, request));
  }

  map(buffer: number, mode: number, range: { readonly offset?: number; readonly size: number; readonly into?: number; readonly length?: number }): Promise<Reply> {
    const { offset = 0, size, into = INLINE, length = size } = range;
    return this.ask((w, request) => encode.encodeGPUBufferMapAsync(w, buffer, request, mode, offset, size, into, length));
  }

  /** What a buffer with COPY_SRC holds. */
  async contents(device: GuestDevice, buffer: number, size: number): Promise<Uint8Array> {
    const readBack = this.buffer(device, { size, usage: 0x1 | 0x8 });
    this.run(device, (w) => encode.recordGPUCommandEncoderCopyBufferToBuffer(w, { handle: buffer }, 0, { handle: readBack }, 0, size));
    const reply = await this.map(readBack, 1, { size });
    if (reply.kind !== 'data') throw new Error(`mapAsync was answered with ${JSON.stringify(reply)}.`);
    this.post((w) => encode.encodeGPUBufferUnmap(w, readBack));
    this.release(readBack);
    return reply.bytes;
  }

  // Errors

  push(device: GuestDevice, filter: T.GPUErrorFilter): void {
    this.post((w) => encode.encodeGPUDevicePushErrorScope(w, device.handle, filter));
  }

  pop(device: GuestDevice): Promise<Reply> {
    return this.ask((w, request) => encode.encodeGPUDevicePopErrorScope(w, device.handle, request));
  }

  /** The message of the validation error that `action` leads to, or null. */
  async errorOf(device: GuestDevice, action: () => void): Promise<string | null> {
    this.push(device, 'validation');
    action();
    const reply = await this.pop(device);
    if (reply.kind !== 'scope') throw new Error(`popErrorScope was answered with ${JSON.stringify(reply)}.`);
    return reply.filter === null ? null : reply.message;
  }

  inject(device: GuestDevice, filter: T.GPUErrorFilter, message: string): void {
    this.post((w) => encode.encodeGPUDeviceInjectError(w, { handle: device.handle }, filter, message));
  }
}

export function recorded(record: (w: Writer) => void): { readonly words: Uint32Array; readonly begin: number; readonly end: number } {
  const writer = new Writer(64);
  record(writer);
  return { words: writer.words, begin: 0, end: writer.length };
}

export function extent(width: number, height = 1, depthOrArrayLayers = 1): T.GPUExtent3DDict {
  return { width, height, depthOrArrayLayers };
}

export function computeDescriptor(module: number): T.GPUComputePipelineDescriptor {
  return { label: '', layout: 'auto', compute: { module: { handle: module }, constants: [] } };
}

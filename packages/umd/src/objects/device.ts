import { WIRE_LIMITS } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import type { GPUDeviceLostReason, GPUErrorFilter } from '@gpup/wire/enums';
import type { Context, DeviceEvents } from '../context.ts';
import { GPUUncapturedErrorEvent, makeError, makeException } from '../errors.ts';
import type * as I from '../generated/impl.gen.ts';
import type * as T from '../generated/types.gen.ts';
import { makeLimits } from '../limits.ts';
import { PassCache } from '../pass-cache.ts';
import { checkFormat, checkFormats } from '../texture-formats.ts';
import { AdapterInfo, type AdapterJson } from './adapter.ts';
import { Buffer } from './buffer.ts';
import { CommandEncoder } from './command-encoder.ts';
import type { HostObject } from './host-object.ts';
import { NameSet } from './name-set.ts';
import { BindGroup, BindGroupLayout, ComputePipeline, PipelineLayout, QuerySet, RenderPipeline, Sampler, ShaderModule } from './plain-objects.ts';
import { Queue } from './queue.ts';
import { RenderBundleEncoder } from './render-bundle-encoder.ts';
import { Texture } from './texture.ts';

class DeviceLostInfo implements I.GPUDeviceLostInfoImpl {
  wrapper: object | undefined = undefined;
  readonly reason: T.GPUDeviceLostReason;
  readonly message: string;

  constructor(reason: T.GPUDeviceLostReason, message: string) {
    this.reason = reason;
    this.message = message;
  }
}

/** A native device costs its VF megabytes, which the collector of the guest cannot see. */
const DEVICE_BYTES = 4 << 20;
/** Uncaptured errors that nobody listens to are printed, but a loop of them must not fill a disk. */
const WARNING_COUNT_MAX = 100;

/**
 * The context must not keep a device alive that the program has dropped. A function of its own: closures
 * made in the constructor would share a scope with those that hold `this`.
 */
function weakEvents(device: WeakRef<Device>): DeviceEvents {
  return {
    deviceLost: (reason, message) => device.deref()?.deviceLost(reason, message),
    uncapturedError: (filter, message) => device.deref()?.uncapturedError(filter, message),
  };
}

/** A shader that the host would not take is replaced by a sentence, which no compiler takes for a shader and every compiler quotes. */
function shaderWithinLimit(code: string): string {
  const { shaderBytesMax } = WIRE_LIMITS;
  if (code.length * 3 <= shaderBytesMax) return code;
  const { length } = new TextEncoder().encode(code);
  return length <= shaderBytesMax ? code : `The shader has ${length} bytes, the limit is ${shaderBytesMax}.`;
}

export class Device implements I.GPUDeviceImpl, DeviceEvents {
  wrapper: object | undefined = undefined;
  readonly context: Context;
  readonly handle: number;
  lease: number;
  readonly features: NameSet;
  readonly limits: object;
  readonly adapterInfo: AdapterInfo;
  readonly queue: Queue;
  readonly passes: PassCache;
  readonly lost: Promise<DeviceLostInfo>;
  /** Buffers that are mapped or about to be; weak, as a program may drop one while it is mapped. */
  readonly #mapped = new Map<number, WeakRef<Buffer>>();
  #resolveLost!: (info: DeviceLostInfo) => void;
  #isLost = false;
  #label: string;
  #warningCount = 0;

  constructor(options: {
    readonly context: Context;
    readonly handle: number;
    readonly queue: number;
    readonly descriptor: T.GPUDeviceDescriptor;
    readonly json: AdapterJson;
  }) {
    const { context, json, descriptor } = options;
    this.context = context;
    this.handle = options.handle;
    this.#label = descriptor.label;
    this.features = new NameSet(json.features);
    this.limits = makeLimits(json.limits);
    this.adapterInfo = new AdapterInfo(json.info);
    this.passes = new PassCache(context, this.handle);
    this.lease = context.lease(this, this.handle, DEVICE_BYTES);
    this.queue = new Queue(this, options.queue, descriptor.defaultQueue.label);
    this.lost = new Promise((resolve) => {
      this.#resolveLost = resolve;
    });
    context.addDevice(this.handle, weakEvents(new WeakRef(this)));
  }

  get label(): string {
    return this.#label;
  }

  set label(label: string) {
    this.#label = label;
    encode.encodeObjectSetLabel(this.context.out, this.handle, label);
    this.context.written();
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  destroy(): void {
    this.#unmapAll('The device was destroyed.');
    encode.encodeGPUDeviceDestroy(this.context.out, this.handle);
    this.context.written();
    // The host says the same later; a program may look at `lost` before that.
    this.deviceLost('destroyed', 'Device was destroyed.');
  }

  deviceLost(reason: GPUDeviceLostReason, message: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#unmapAll(message);
    this.#resolveLost(new DeviceLostInfo(reason, message));
  }

  #unmapAll(why: string): void {
    for (const weak of [...this.#mapped.values()]) weak.deref()?.loseMapping(why);
    this.#mapped.clear();
  }

  noteMapped(buffer: Buffer): void {
    this.#mapped.set(buffer.handle, new WeakRef(buffer));
  }

  noteUnmapped(buffer: Buffer): void {
    this.#mapped.delete(buffer.handle);
  }

  // Creation: the host validates; what the content timeline must check is checked here.

  createBuffer(descriptor: T.GPUBufferDescriptor): Buffer {
    return new Buffer(this, descriptor);
  }

  createTexture(descriptor: T.GPUTextureDescriptor): Texture {
    checkFormat(this, descriptor.format);
    checkFormats(this, descriptor.viewFormats);
    const texture = new Texture(this, descriptor);
    encode.encodeGPUDeviceCreateTexture(this.context.out, this.handle, texture.handle, descriptor);
    this.context.written();
    return texture;
  }

  createSampler(descriptor: T.GPUSamplerDescriptor): Sampler {
    const sampler = new Sampler(this, descriptor.label);
    encode.encodeGPUDeviceCreateSampler(this.context.out, this.handle, sampler.handle, descriptor);
    this.context.written();
    return sampler;
  }

  /** Nothing that converts to a video source exists here, so conversion has thrown before this. */
  importExternalTexture(_descriptor: T.GPUExternalTextureDescriptor): I.GPUExternalTextureImpl {
    throw new DOMException('External textures need a video element or a video frame, which this platform does not have.', 'NotSupportedError');
  }

  createBindGroupLayout(descriptor: T.GPUBindGroupLayoutDescriptor): BindGroupLayout {
    for (const entry of descriptor.entries) {
      if (entry.storageTexture !== undefined) checkFormat(this, entry.storageTexture.format);
    }
    const layout = new BindGroupLayout(this, descriptor.label);
    encode.encodeGPUDeviceCreateBindGroupLayout(this.context.out, this.handle, layout.handle, descriptor);
    this.context.written();
    return layout;
  }

  createPipelineLayout(descriptor: T.GPUPipelineLayoutDescriptor): PipelineLayout {
    const layout = new PipelineLayout(this, descriptor.label);
    encode.encodeGPUDeviceCreatePipelineLayout(this.context.out, this.handle, layout.handle, descriptor);
    this.context.written();
    return layout;
  }

  createBindGroup(descriptor: T.GPUBindGroupDescriptor): BindGroup {
    const group = new BindGroup(this, descriptor.label);
    encode.encodeGPUDeviceCreateBindGroup(this.context.out, this.handle, group.handle, descriptor);
    this.context.written();
    return group;
  }

  createShaderModule(descriptor: T.GPUShaderModuleDescriptor): ShaderModule {
    const module = new ShaderModule(this, descriptor.label, descriptor.code.length);
    const { out } = this.context;
    const { stringBytesMax } = out;
    out.stringBytesMax = WIRE_LIMITS.shaderBytesMax;
    encode.encodeGPUDeviceCreateShaderModule(out, this.handle, module.handle, { ...descriptor, code: shaderWithinLimit(descriptor.code) });
    out.stringBytesMax = stringBytesMax;
    this.context.written();
    return module;
  }

  createComputePipeline(descriptor: T.GPUComputePipelineDescriptor): ComputePipeline {
    const pipeline = new ComputePipeline(this, descriptor.label);
    encode.encodeGPUDeviceCreateComputePipeline(this.context.out, this.handle, pipeline.handle, descriptor);
    this.context.written();
    return pipeline;
  }

  createRenderPipeline(descriptor: T.GPURenderPipelineDescriptor): RenderPipeline {
    this.#checkPipelineFormats(descriptor);
    const pipeline = new RenderPipeline(this, descriptor.label);
    encode.encodeGPUDeviceCreateRenderPipeline(this.context.out, this.handle, pipeline.handle, descriptor);
    this.context.written();
    return pipeline;
  }

  createComputePipelineAsync(descriptor: T.GPUComputePipelineDescriptor): Promise<ComputePipeline> {
    const pipeline = new ComputePipeline(this, descriptor.label);
    return this.#createAsync(pipeline, (request) =>
      encode.encodeGPUDeviceCreateComputePipelineAsync(this.context.out, this.handle, request, pipeline.handle, descriptor),
    );
  }

  /** A promise-returning method never throws: the bindings turn what is thrown here into a rejection. */
  createRenderPipelineAsync(descriptor: T.GPURenderPipelineDescriptor): Promise<RenderPipeline> {
    this.#checkPipelineFormats(descriptor);
    const pipeline = new RenderPipeline(this, descriptor.label);
    return this.#createAsync(pipeline, (request) =>
      encode.encodeGPUDeviceCreateRenderPipelineAsync(this.context.out, this.handle, request, pipeline.handle, descriptor),
    );
  }

  #createAsync<P extends HostObject>(pipeline: P, write: (request: number) => void): Promise<P> {
    const { context } = this;
    return new Promise((resolve, reject) => {
      const request = context.request({
        done: () => resolve(pipeline),
        error: (name, reason, message) => {
          // The host keeps no object under the handle when creation failed.
          context.forget(pipeline.lease);
          reject(makeException(name, reason, message));
        },
        // On a lost device creation appears to succeed.
        lost: () => resolve(pipeline),
      });
      write(request);
      context.sent(request);
    });
  }

  #checkPipelineFormats(descriptor: T.GPURenderPipelineDescriptor): void {
    for (const target of descriptor.fragment?.targets ?? []) {
      if (target !== null) checkFormat(this, target.format);
    }
    if (descriptor.depthStencil !== undefined) checkFormat(this, descriptor.depthStencil.format);
  }

  createCommandEncoder(descriptor: T.GPUCommandEncoderDescriptor): CommandEncoder {
    return new CommandEncoder(this, descriptor);
  }

  createRenderBundleEncoder(descriptor: T.GPURenderBundleEncoderDescriptor): RenderBundleEncoder {
    checkFormats(this, descriptor.colorFormats);
    if (descriptor.depthStencilFormat !== undefined) checkFormat(this, descriptor.depthStencilFormat);
    encode.encodeGPUDeviceCreateRenderBundleEncoder(this.context.out, this.handle, descriptor);
    this.context.written();
    return new RenderBundleEncoder(this, descriptor);
  }

  createQuerySet(descriptor: T.GPUQuerySetDescriptor): QuerySet {
    if (descriptor.type === 'timestamp' && !this.features.has('timestamp-query')) {
      throw new TypeError("A query set of type 'timestamp' requires the feature 'timestamp-query'.");
    }
    const set = new QuerySet(this, descriptor);
    encode.encodeGPUDeviceCreateQuerySet(this.context.out, this.handle, set.handle, descriptor);
    this.context.written();
    return set;
  }

  // Errors

  pushErrorScope(filter: T.GPUErrorFilter): void {
    encode.encodeGPUDevicePushErrorScope(this.context.out, this.handle, filter);
    this.context.written();
  }

  popErrorScope(): Promise<object | null> {
    const { context } = this;
    return new Promise((resolve, reject) => {
      const request = context.request({
        isSoon: true,
        scope: (filter, message) => resolve(filter === null ? null : makeError(filter, message)),
        error: (name, reason, message) => reject(makeException(name, reason, message)),
        lost: () => resolve(null),
      });
      encode.encodeGPUDevicePopErrorScope(context.out, this.handle, request);
      context.sent(request);
    });
  }

  /** Raises an error of the device timeline that only this side can see. */
  injectError(filter: T.GPUErrorFilter, message: string): void {
    encode.encodeGPUDeviceInjectError(this.context.out, this, filter, message);
    this.context.written();
  }

  uncapturedError(filter: GPUErrorFilter, message: string): void {
    if (this.#isLost) return;
    const event = new GPUUncapturedErrorEvent('uncapturederror', { error: makeError(filter, message), cancelable: true });
    const proceed = this.wrapper === undefined || (this.wrapper as EventTarget).dispatchEvent(event);
    if (proceed && this.#warningCount++ < WARNING_COUNT_MAX) console.warn(`Uncaptured WebGPU error (${filter}): ${message}`);
  }
}

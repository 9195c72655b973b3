import { TEXTURE_USAGE } from '../backend.ts';
import { TEXTURE_FORMATS } from '@gpup/vidmm';
import { NullBuffer } from './null-buffer.ts';
import { NullCommandEncoder, NullRenderBundleEncoder } from './null-encoder.ts';
import { GPUPipelineError, makeError, type NullError } from './null-errors.ts';
import { NullObject, objectionInside, objectionTo } from './null-object.ts';
import { NullQueue } from './null-queue.ts';

const QUERY_COUNT_MAX = 4096;
/** Enough of a parser to tell source code from an accident. */
const DECLARATION = /\b(fn|struct|var|const|override|alias|enable|requires|diagnostic|const_assert)\b/;
const TEXTURE_USAGE_MAX = 0x3f;

interface NullScope {
  readonly filter: GPUErrorFilter;
  error: NullError | null;
}

class NullTexture extends NullObject {
  readonly #usage: number;

  constructor(device: NullDevice, descriptor: GPUTextureDescriptor) {
    super(device, descriptor.label, objectionToTexture(descriptor, device.limits));
    this.#usage = descriptor.usage;
  }

  createView(descriptor: GPUTextureViewDescriptor = {}): NullObject {
    const { usage = 0, label } = descriptor;
    const objection = objectionTo(this, this.device) ?? ((usage & ~this.#usage) === 0 ? null : `The view's usage (${usage}) is not a subset of the texture's (${this.#usage}).`);
    return new NullTextureView(this.device, label, objection);
  }

  destroy(): void {}
}

class NullTextureView extends NullObject {}
class NullSampler extends NullObject {}
class NullBindGroupLayout extends NullObject {}
class NullPipelineLayout extends NullObject {}
class NullBindGroup extends NullObject {}
class NullQuerySet extends NullObject {
  destroy(): void {}
}

class NullShaderModule extends NullObject {
  getCompilationInfo(): Promise<{ messages: object[] }> {
    const messages = this.isValid ? [] : [{ message: 'No declaration was found.', type: 'error', lineNum: 1, linePos: 1, offset: 0, length: 1 }];
    return new Promise((resolve) => this.device.later(() => resolve({ messages })));
  }
}

class NullPipeline extends NullObject {
  getBindGroupLayout(index: number): NullBindGroupLayout {
    const objection = objectionTo(this, this.device) ?? (index < (this.device.limits['maxBindGroups'] as number) ? null : `Bind group layout index (${index}) is too large.`);
    return new NullBindGroupLayout(this.device, '', objection);
  }
}

/** A device without a GPU: objects, errors and buffers' bytes are there; nothing is drawn or computed. */
export class NullDevice {
  readonly features: ReadonlySet<string>;
  readonly limits: Readonly<Record<string, number>>;
  readonly queue: NullQueue;
  readonly lost: Promise<{ readonly reason: GPUDeviceLostReason; readonly message: string }>;
  label = '';
  isLost = false;
  memoryBytes = 0;
  readonly #memoryBytesMax: number;
  readonly #scopes: NullScope[] = [];
  readonly #listeners: ((event: { readonly error: NullError; preventDefault(): void }) => void)[] = [];
  #resolveLost!: (info: { readonly reason: GPUDeviceLostReason; readonly message: string }) => void;

  constructor(options: { readonly features: Iterable<string>; readonly limits: Readonly<Record<string, number>>; readonly memoryBytesMax: number }) {
    this.features = new Set(options.features);
    this.limits = options.limits;
    this.#memoryBytesMax = options.memoryBytesMax;
    this.queue = new NullQueue(this);
    this.lost = new Promise((resolve) => {
      this.#resolveLost = resolve;
    });
  }

  /** The asynchronous part of an operation: after the current call, in the order of the calls. */
  later(action: () => void): void {
    queueMicrotask(action);
  }

  addEventListener(_type: string, listener: (event: { readonly error: NullError; preventDefault(): void }) => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: string, listener: (event: { readonly error: NullError; preventDefault(): void }) => void): void {
    const index = this.#listeners.indexOf(listener);
    if (index >= 0) this.#listeners.splice(index, 1);
  }

  report(filter: GPUErrorFilter, message: string): void {
    if (this.isLost) return;
    const error = makeError(filter, message);
    const scope = this.#scopes.findLast((each) => each.filter === filter);
    if (scope !== undefined) scope.error ??= error;
    else for (const listener of this.#listeners) this.later(() => listener({ error, preventDefault() {} }));
  }

  pushErrorScope(filter: GPUErrorFilter): void {
    this.#scopes.push({ filter, error: null });
  }

  popErrorScope(): Promise<NullError | null> {
    const scope = this.#scopes.pop();
    if (scope === undefined) return Promise.reject(new DOMException('No error scopes to pop.', 'OperationError'));
    return Promise.resolve(this.isLost ? null : scope.error);
  }

  destroy(): void {
    this.lose('destroyed', 'Device was destroyed.');
  }

  lose(reason: GPUDeviceLostReason, message: string): void {
    if (this.isLost) return;
    this.isLost = true;
    this.#resolveLost({ reason, message });
  }

  createBuffer(descriptor: GPUBufferDescriptor): NullBuffer {
    const buffer = new NullBuffer(this, descriptor);
    if (!buffer.isValid) return buffer;
    if (this.memoryBytes + buffer.size > this.#memoryBytesMax) {
      this.report('out-of-memory', `Buffer of ${buffer.size} bytes does not fit.`);
      this.pushErrorScope('validation');
      const refused = new NullBuffer(this, { ...descriptor, usage: 0 });
      void this.popErrorScope();
      return refused;
    }
    this.memoryBytes += buffer.size;
    return buffer;
  }

  createTexture(descriptor: GPUTextureDescriptor): NullTexture {
    return new NullTexture(this, descriptor);
  }

  createSampler({ label, maxAnisotropy = 1 }: GPUSamplerDescriptor = {}): NullSampler {
    return new NullSampler(this, label, maxAnisotropy >= 1 ? null : `Max anisotropy (${maxAnisotropy}) is less than 1.`);
  }

  createBindGroupLayout({ label, entries }: GPUBindGroupLayoutDescriptor): NullBindGroupLayout {
    const numbers = new Set<number>();
    for (const { binding } of entries) numbers.add(binding);
    return new NullBindGroupLayout(this, label, numbers.size === [...entries].length ? null : 'Two entries have the same binding number.');
  }

  createPipelineLayout(descriptor: GPUPipelineLayoutDescriptor): NullPipelineLayout {
    return new NullPipelineLayout(this, descriptor.label, objectionInside(descriptor, this));
  }

  createBindGroup(descriptor: GPUBindGroupDescriptor): NullBindGroup {
    return new NullBindGroup(this, descriptor.label, objectionInside(descriptor, this));
  }

  createShaderModule({ label, code }: GPUShaderModuleDescriptor): NullShaderModule {
    return new NullShaderModule(this, label, code.trim() === '' || DECLARATION.test(code) ? null : 'Error while parsing WGSL: no declaration was found.');
  }

  createComputePipeline(descriptor: GPUComputePipelineDescriptor): NullPipeline {
    return new NullPipeline(this, descriptor.label, objectionInside(descriptor, this));
  }

  createRenderPipeline(descriptor: GPURenderPipelineDescriptor): NullPipeline {
    return new NullPipeline(this, descriptor.label, objectionInside(descriptor, this));
  }

  createComputePipelineAsync(descriptor: GPUComputePipelineDescriptor): Promise<NullPipeline> {
    return this.#pipelineLater(descriptor);
  }

  createRenderPipelineAsync(descriptor: GPURenderPipelineDescriptor): Promise<NullPipeline> {
    return this.#pipelineLater(descriptor);
  }

  #pipelineLater(descriptor: GPUObjectDescriptorBase): Promise<NullPipeline> {
    const objection = objectionInside(descriptor, this);
    return new Promise((resolve, reject) => {
      this.later(() => {
        if (objection === null || this.isLost) resolve(new NullPipeline(this, descriptor.label, null));
        else reject(new GPUPipelineError(objection, 'validation'));
      });
    });
  }

  createQuerySet({ label, count }: GPUQuerySetDescriptor): NullQuerySet {
    return new NullQuerySet(this, label, count <= QUERY_COUNT_MAX ? null : `Query count (${count}) exceeds the limit (${QUERY_COUNT_MAX}).`);
  }

  createCommandEncoder(): NullCommandEncoder {
    return new NullCommandEncoder(this);
  }

  createRenderBundleEncoder(descriptor: GPURenderBundleEncoderDescriptor): NullRenderBundleEncoder {
    return new NullRenderBundleEncoder(this, descriptor);
  }
}

function objectionToTexture({ usage, size, sampleCount = 1, format }: GPUTextureDescriptor, limits: Readonly<Record<string, number>>): string | null {
  const extents = Array.isArray(size) ? (size as number[]) : Object.values(size);
  if (usage === 0 || usage > TEXTURE_USAGE_MAX) return `The texture usage (${usage}) is not valid.`;
  if (extents.some((extent) => extent === 0)) return `An extent of the texture is 0.`;
  if (extents.some((extent) => extent > (limits['maxTextureDimension2D'] as number))) return 'An extent of the texture exceeds the limit.';
  if (sampleCount > 1 && (usage & TEXTURE_USAGE.RENDER_ATTACHMENT) === 0) return 'A multisampled texture needs the usage RENDER_ATTACHMENT.';
  if (!TEXTURE_FORMATS.has(format)) throw new TypeError(`${format} is not a texture format.`);
  return null;
}

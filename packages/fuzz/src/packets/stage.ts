import { RECORDED } from '@gpup/wire/numbers';
import { Forge, type Overrides } from '../input/forge.ts';
import type { Random } from '../input/random.ts';
import type { GuestModel } from '../model/guest-model.ts';
import type { Executor, StepResult } from './executor.ts';
import type { Step } from './session.ts';

/** How to come by an object of each kind, with as little as possible. */
const CREATIONS: Readonly<Record<string, readonly [packet: string, overrides: Overrides]>> = {
  GPUAdapter: ['GPU.requestAdapter', {}],
  GPUDevice: ['GPUAdapter.requestDevice', {}],
  GPUQueue: ['GPUAdapter.requestDevice', {}],
  GPUBuffer: ['GPUDevice.createBuffer', { usage: 0xc, size: 64 }],
  GPUTexture: ['GPUDevice.createTexture', { usage: 0x17, width: 4 }],
  GPUTextureView: ['GPUTexture.createView', {}],
  GPUSampler: ['GPUDevice.createSampler', {}],
  GPUBindGroupLayout: ['GPUDevice.createBindGroupLayout', { '#entries': 0 }],
  GPUPipelineLayout: ['GPUDevice.createPipelineLayout', { '#bindGroupLayouts': 0 }],
  GPUBindGroup: ['GPUDevice.createBindGroup', { '#entries': 0 }],
  GPUShaderModule: ['GPUDevice.createShaderModule', { code: '@compute @workgroup_size(1) fn main() {}' }],
  GPUComputePipeline: ['GPUDevice.createComputePipeline', { layout: 0 }],
  GPURenderPipeline: ['GPUDevice.createRenderPipeline', { layout: 0 }],
  GPUQuerySet: ['GPUDevice.createQuerySet', { count: 4 }],
  GPUCommandBuffer: ['GPUCommandEncoder.finish', { commands: [] }],
  GPURenderBundle: ['GPURenderBundleEncoder.finish', { commands: [], '#colorFormats': 1, colorFormats: 1 }],
  RecordedPass: ['RecordedPass.define', { commands: [RECORDED['GPURenderCommandsMixin.draw'] | (5 << 16), 3, 1, 0, 0], flags: 1, '#colorFormats': 1, colorFormats: 1 }],
};

/** What has to exist before. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  GPUAdapter: [],
  GPUDevice: ['GPUAdapter'],
  GPUQueue: ['GPUAdapter'],
  GPUTextureView: ['GPUTexture'],
  GPUBindGroup: ['GPUDevice', 'GPUBindGroupLayout'],
  GPUComputePipeline: ['GPUDevice', 'GPUShaderModule'],
  GPURenderPipeline: ['GPUDevice', 'GPUShaderModule'],
};
const DEVICE_ONLY: readonly string[] = ['GPUDevice'];

/** The same, refused by the implementation. Those that are not here are invalid through what they are made of. */
const INVALID_CREATIONS: Readonly<Record<string, Overrides>> = {
  GPUBuffer: { usage: 0, size: 16 },
  GPUTexture: { usage: 0, width: 4 },
  GPUSampler: { maxAnisotropy: 0 },
  GPUBindGroupLayout: { '#entries': 2, binding: 0 },
  GPUPipelineLayout: { '#bindGroupLayouts': 1 },
  GPUShaderModule: { code: 'not wgsl' },
  GPUQuerySet: { count: 5000 },
  GPUCommandBuffer: { commands: [10 | (1 << 16)] },
  GPURenderBundle: { commands: [], '#colorFormats': 0 },
};

/** Which invalid part makes the others invalid. */
const INVALID_THROUGH: Readonly<Record<string, string>> = {
  GPUTextureView: 'GPUTexture',
  GPUPipelineLayout: 'GPUBindGroupLayout',
  GPUBindGroup: 'GPUBindGroupLayout',
  GPUComputePipeline: 'GPUShaderModule',
  GPURenderPipeline: 'GPUShaderModule',
};

export interface StageOptions {
  /** Told of each step before it is taken. */
  readonly onStep: (step: Step) => void;
  readonly tame: (words: Uint32Array, model: GuestModel) => Uint32Array;
}

/** One session as it is made: sends what is needed first, and keeps every step for playing it again. */
export class Stage {
  readonly executor: Executor;
  readonly model: GuestModel;
  readonly random: Random;
  readonly forge: Forge;
  readonly steps: Step[] = [];
  /** What came of the last step. */
  last: StepResult | null = null;
  readonly #onStep: (step: Step) => void;
  readonly #tame: StageOptions['tame'];
  readonly #obtained = new Map<string, number>();

  constructor(executor: Executor, random: Random, { onStep, tame }: StageOptions) {
    this.executor = executor;
    this.model = executor.model;
    this.random = random;
    this.forge = new Forge(random, executor.model);
    this.#onStep = onStep;
    this.#tame = tame;
  }

  get isOver(): boolean {
    return this.executor.isEnded || this.last?.finding !== null && this.last !== null;
  }

  async take(step: Step): Promise<StepResult> {
    this.#begin(step);
    return this.#taken(step, await this.executor.step(step));
  }

  #begin(step: Step): void {
    this.steps.push(step);
    this.#onStep(step);
  }

  #taken(step: Step, result: StepResult): StepResult {
    this.last = result;
    if (result.outcome === 'application-error') this.#noteInvalid(step);
    return result;
  }

  send(words: Uint32Array): Promise<StepResult> {
    return this.take({ kind: 'packet', words: this.#tame(words, this.model), settles: true });
  }

  /** Returns before anything happens that the implementation does later. */
  sendNow(words: Uint32Array): StepResult {
    // A host that does not read now would not have done anything when this returns.
    if (this.executor.isPaused && this.last !== null) return this.last;
    const step: Step = { kind: 'packet', words: this.#tame(words, this.model), settles: false };
    this.#begin(step);
    return this.#taken(step, this.executor.stepNow(step));
  }

  #noteInvalid(step: Step): void {
    if (step.kind !== 'packet') return;
    const { result } = this.model.decoder;
    const object = result === 0 ? 'none' : this.model.objects.lookup(result);
    if (typeof object !== 'string') this.forge.invalid.add(object);
  }

  async greet(): Promise<void> {
    this.forge.optionalOdds = 0;
    await this.send(this.forge.packet('Context.hello'));
    this.forge.optionalOdds = 3;
  }

  /** Makes sure that a delivered object of the kind is there; returns the handle of one. */
  async ensure(kind: string): Promise<number> {
    const found = this.model.objects.ofKind(kind).find((object) => !object.isPending && !this.forge.invalid.has(object));
    return found?.handle ?? this.create(kind);
  }

  /** The same object each time in a session, made when first asked for; another once that is gone. */
  async obtain(purpose: string, kind: string, overrides: Overrides = {}): Promise<number> {
    const known = this.#obtained.get(purpose);
    if (known !== undefined && typeof this.model.objects.lookup(known) !== 'string') return known;
    const handle = await this.create(kind, overrides);
    this.#obtained.set(purpose, handle);
    return handle;
  }

  async create(kind: string, overrides: Overrides = {}): Promise<number> {
    for (const needed of NEEDS[kind] ?? DEVICE_ONLY) {
      // An adapter gives one device only.
      if (needed === 'GPUAdapter') overrides = { ...overrides, self: await this.create('GPUAdapter') };
      else await this.ensure(needed);
    }
    if (this.isOver) return 0;
    const [packet, usual] = CREATIONS[kind] as [string, Overrides];
    return this.#createBy(packet, { ...usual, ...overrides }, kind);
  }

  async #createBy(packet: string, overrides: Overrides, kind: string): Promise<number> {
    this.forge.optionalOdds = 0;
    const words = this.forge.packet(packet, overrides);
    this.forge.optionalOdds = 3;
    await this.send(words);
    return this.model.objects.ofKind(kind).at(-1)?.handle ?? 0;
  }

  /** An object that the implementation refused; 0 where there is no such thing. */
  async createInvalid(kind: string): Promise<number> {
    const overrides = INVALID_CREATIONS[kind];
    const through = INVALID_THROUGH[kind];
    if (overrides === undefined && through === undefined) return 0;
    const known = this.model.objects.ofKind(kind).find((object) => this.forge.invalid.has(object));
    if (known !== undefined) return known.handle;
    for (const needed of NEEDS[kind] ?? DEVICE_ONLY) await this.ensure(needed);
    const part = through === undefined ? 0 : await this.createInvalid(through);
    if (this.isOver) return 0;
    const [packet, usual] = CREATIONS[kind] as [string, Overrides];
    return this.#createBy(packet, { ...usual, ...overrides, ...partOverrides(kind, part) }, kind);
  }
}

function partOverrides(kind: string, part: number): Overrides {
  switch (kind) {
    case 'GPUTextureView':
      return { self: part };
    case 'GPUPipelineLayout':
      return { bindGroupLayouts: part };
    case 'GPUBindGroup':
      return { layout: part };
    case 'GPUComputePipeline':
    case 'GPURenderPipeline':
      return { module: part };
    default:
      return {};
  }
}

import { assert } from '@gpup/base';
import type { ErrorScopes } from './error-scopes.ts';
import { Kind } from './generated/kinds.gen.ts';

/** A module that no implementation accepts. */
const NOT_WGSL = 'not wgsl';
/** More than any implementation allows in one query set. */
const QUERY_COUNT_EXCESSIVE = 0xffffffff;

/**
 * Invalid objects of one device, one for each kind: what we refuse to create is represented by one, so
 * that everything made from it is invalid too, as the implementation sees to.
 */
export class ErrorObjects {
  readonly #device: GPUDevice;
  readonly #scopes: ErrorScopes;
  readonly #made = new Map<number, unknown>();

  constructor(device: GPUDevice, scopes: ErrorScopes) {
    this.#device = device;
    this.#scopes = scopes;
  }

  of(kind: number): unknown {
    let object = this.#made.get(kind);
    if (object === undefined) {
      object = this.#scopes.swallow(() => this.#make(kind));
      this.#made.set(kind, object);
    }
    return object;
  }

  #make(kind: number): unknown {
    const device = this.#device;
    switch (kind) {
      case Kind.GPUBuffer:
        return device.createBuffer({ size: 4, usage: 0 });
      case Kind.GPUTexture:
        return device.createTexture({ size: [1], format: 'rgba8unorm', usage: 0 });
      case Kind.GPUTextureView:
        return (this.of(Kind.GPUTexture) as GPUTexture).createView();
      case Kind.GPUSampler:
        return device.createSampler({ maxAnisotropy: 0 });
      case Kind.GPUBindGroupLayout:
        return device.createBindGroupLayout({ entries: [twin(), twin()] });
      case Kind.GPUPipelineLayout:
        return device.createPipelineLayout({ bindGroupLayouts: [this.of(Kind.GPUBindGroupLayout) as GPUBindGroupLayout] });
      case Kind.GPUBindGroup:
        return device.createBindGroup({ layout: this.of(Kind.GPUBindGroupLayout) as GPUBindGroupLayout, entries: [] });
      case Kind.GPUShaderModule:
        return device.createShaderModule({ code: NOT_WGSL });
      case Kind.GPUComputePipeline:
        return device.createComputePipeline({ layout: 'auto', compute: { module: this.#module() } });
      case Kind.GPURenderPipeline:
        return device.createRenderPipeline({ layout: 'auto', vertex: { module: this.#module() } });
      case Kind.GPUQuerySet:
        return device.createQuerySet({ type: 'occlusion', count: QUERY_COUNT_EXCESSIVE });
      case Kind.GPUCommandBuffer:
        return this.#commandBuffer();
      case Kind.GPURenderBundle:
        return device.createRenderBundleEncoder({ colorFormats: [] }).finish();
      default:
        return assert(false, `no error object of kind ${kind}`);
    }
  }

  #module(): GPUShaderModule {
    return this.of(Kind.GPUShaderModule) as GPUShaderModule;
  }

  /** A debug group that is never popped makes finish() fail. */
  #commandBuffer(): GPUCommandBuffer {
    const encoder = this.#device.createCommandEncoder();
    encoder.pushDebugGroup('');
    return encoder.finish();
  }
}

/** Two entries with the same binding number make a layout invalid. */
function twin(): GPUBindGroupLayoutEntry {
  return { binding: 0, visibility: 0, sampler: {} };
}

import * as encode from '@gpup/wire/encode';
import type * as I from '../generated/impl.gen.ts';
import type * as T from '../generated/types.gen.ts';
import type { CommandEncoder } from './command-encoder.ts';
import { PassState } from './pass-state.ts';
import type { RenderBundle } from './plain-objects.ts';
import { RenderCommands } from './render-commands.ts';

export class RenderPassEncoder extends RenderCommands implements I.GPURenderPassEncoderImpl {
  readonly #state: PassState;

  constructor(encoder: CommandEncoder, label: string) {
    super(encoder.device, encoder.recorder, label);
    this.#state = new PassState(encoder, 'a render pass');
  }

  protected refuse(command: string): void {
    this.#state.refuse(command);
  }

  setViewport(x: number, y: number, width: number, height: number, minDepth: number, maxDepth: number): void {
    if (this.recorder.current !== this) return this.refuse('setViewport');
    encode.recordGPURenderPassEncoderSetViewport(this.recorder.words, x, y, width, height, minDepth, maxDepth);
  }

  setScissorRect(x: number, y: number, width: number, height: number): void {
    if (this.recorder.current !== this) return this.refuse('setScissorRect');
    encode.recordGPURenderPassEncoderSetScissorRect(this.recorder.words, x, y, width, height);
  }

  setBlendConstant(color: T.GPUColorDict): void {
    if (this.recorder.current !== this) return this.refuse('setBlendConstant');
    encode.recordGPURenderPassEncoderSetBlendConstant(this.recorder.words, color);
  }

  setStencilReference(reference: number): void {
    if (this.recorder.current !== this) return this.refuse('setStencilReference');
    encode.recordGPURenderPassEncoderSetStencilReference(this.recorder.words, reference);
  }

  beginOcclusionQuery(queryIndex: number): void {
    if (this.recorder.current !== this) return this.refuse('beginOcclusionQuery');
    encode.recordGPURenderPassEncoderBeginOcclusionQuery(this.recorder.words, queryIndex);
  }

  endOcclusionQuery(): void {
    if (this.recorder.current !== this) return this.refuse('endOcclusionQuery');
    encode.recordGPURenderPassEncoderEndOcclusionQuery(this.recorder.words);
  }

  executeBundles(bundles: readonly RenderBundle[]): void {
    if (this.recorder.current !== this) return this.refuse('executeBundles');
    for (const bundle of bundles) this.recorder.use(bundle);
    encode.recordGPURenderPassEncoderExecuteBundles(this.recorder.words, bundles);
  }

  end(): void {
    this.#state.end(this, () => encode.recordGPURenderPassEncoderEnd(this.recorder.words));
  }
}

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
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('setViewport');
    encode.recordGPURenderPassEncoderSetViewport(recorder, x, y, width, height, minDepth, maxDepth);
  }

  setScissorRect(x: number, y: number, width: number, height: number): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('setScissorRect');
    encode.recordGPURenderPassEncoderSetScissorRect(recorder, x, y, width, height);
  }

  setBlendConstant(color: T.GPUColorDict): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('setBlendConstant');
    encode.recordGPURenderPassEncoderSetBlendConstant(recorder, color);
  }

  setStencilReference(reference: number): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('setStencilReference');
    encode.recordGPURenderPassEncoderSetStencilReference(recorder, reference);
  }

  beginOcclusionQuery(queryIndex: number): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('beginOcclusionQuery');
    encode.recordGPURenderPassEncoderBeginOcclusionQuery(recorder, queryIndex);
  }

  endOcclusionQuery(): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('endOcclusionQuery');
    encode.recordGPURenderPassEncoderEndOcclusionQuery(recorder);
  }

  executeBundles(bundles: readonly RenderBundle[]): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('executeBundles');
    for (const bundle of bundles) if (bundle.recorderStamp !== recorder.stamp) recorder.note(bundle);
    encode.recordGPURenderPassEncoderExecuteBundles(recorder, bundles);
  }

  end(): void {
    this.#state.end(this, () => {
      this.recorder.endBody();
      encode.recordGPURenderPassEncoderEnd(this.recorder);
    });
  }
}

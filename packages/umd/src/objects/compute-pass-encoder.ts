import * as encode from '@gpup/wire/encode';
import type * as I from '../generated/impl.gen.ts';
import type { Buffer } from './buffer.ts';
import type { CommandEncoder } from './command-encoder.ts';
import { BindingEncoder } from './encoder-base.ts';
import { PassState } from './pass-state.ts';
import type { ComputePipeline } from './plain-objects.ts';

export class ComputePassEncoder extends BindingEncoder implements I.GPUComputePassEncoderImpl {
  readonly #state: PassState;

  constructor(encoder: CommandEncoder, label: string) {
    super(encoder.device, encoder.recorder, label);
    this.#state = new PassState(encoder, 'a compute pass');
  }

  protected refuse(command: string): void {
    this.#state.refuse(command);
  }

  setPipeline(pipeline: ComputePipeline): void {
    if (this.recorder.current !== this) return this.refuse('setPipeline');
    this.recorder.use(pipeline);
    encode.recordGPUComputePassEncoderSetPipeline(this.recorder.words, pipeline);
  }

  dispatchWorkgroups(x: number, y: number, z: number): void {
    if (this.recorder.current !== this) return this.refuse('dispatchWorkgroups');
    encode.recordGPUComputePassEncoderDispatchWorkgroups(this.recorder.words, x, y, z);
  }

  dispatchWorkgroupsIndirect(indirectBuffer: Buffer, indirectOffset: number): void {
    if (this.recorder.current !== this) return this.refuse('dispatchWorkgroupsIndirect');
    this.recorder.use(indirectBuffer);
    encode.recordGPUComputePassEncoderDispatchWorkgroupsIndirect(this.recorder.words, indirectBuffer, indirectOffset);
  }

  end(): void {
    this.#state.end(this, () => encode.recordGPUComputePassEncoderEnd(this.recorder.words));
  }
}

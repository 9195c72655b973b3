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
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('setPipeline');
    if (pipeline.recorderStamp !== recorder.stamp) recorder.note(pipeline);
    encode.recordGPUComputePassEncoderSetPipeline(recorder, pipeline);
  }

  dispatchWorkgroups(x: number, y: number, z: number): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('dispatchWorkgroups');
    encode.recordGPUComputePassEncoderDispatchWorkgroups(recorder, x, y, z);
  }

  dispatchWorkgroupsIndirect(indirectBuffer: Buffer, indirectOffset: number): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('dispatchWorkgroupsIndirect');
    if (indirectBuffer.recorderStamp !== recorder.stamp) recorder.note(indirectBuffer);
    encode.recordGPUComputePassEncoderDispatchWorkgroupsIndirect(recorder, indirectBuffer, indirectOffset);
  }

  end(): void {
    this.#state.end(this, () => encode.recordGPUComputePassEncoderEnd(this.recorder));
  }
}

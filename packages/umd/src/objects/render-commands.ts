/** GPURenderCommandsMixin: what render passes and render bundles can both record. */
import * as encode from '@gpup/wire/encode';
import type * as T from '../generated/types.gen.ts';
import type { Buffer } from './buffer.ts';
import { BindingEncoder } from './encoder-base.ts';
import type { RenderPipeline } from './plain-objects.ts';

export abstract class RenderCommands extends BindingEncoder {
  setPipeline(pipeline: RenderPipeline): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('setPipeline');
    if (pipeline.recorderStamp !== recorder.stamp) recorder.note(pipeline);
    encode.recordGPURenderCommandsMixinSetPipeline(recorder, pipeline);
  }

  setIndexBuffer(buffer: Buffer, indexFormat: T.GPUIndexFormat, offset: number, size: number | undefined): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('setIndexBuffer');
    if (buffer.recorderStamp !== recorder.stamp) recorder.note(buffer);
    encode.recordGPURenderCommandsMixinSetIndexBuffer(recorder, buffer, indexFormat, offset, size);
  }

  setVertexBuffer(slot: number, buffer: Buffer | null, offset: number, size: number | undefined): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('setVertexBuffer');
    if (buffer !== null && buffer.recorderStamp !== recorder.stamp) recorder.note(buffer);
    encode.recordGPURenderCommandsMixinSetVertexBuffer(recorder, slot, buffer, offset, size);
  }

  draw(vertexCount: number, instanceCount: number, firstVertex: number, firstInstance: number): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('draw');
    encode.recordGPURenderCommandsMixinDraw(recorder, vertexCount, instanceCount, firstVertex, firstInstance);
  }

  drawIndexed(indexCount: number, instanceCount: number, firstIndex: number, baseVertex: number, firstInstance: number): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('drawIndexed');
    encode.recordGPURenderCommandsMixinDrawIndexed(recorder, indexCount, instanceCount, firstIndex, baseVertex, firstInstance);
  }

  drawIndirect(indirectBuffer: Buffer, indirectOffset: number): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('drawIndirect');
    if (indirectBuffer.recorderStamp !== recorder.stamp) recorder.note(indirectBuffer);
    encode.recordGPURenderCommandsMixinDrawIndirect(recorder, indirectBuffer, indirectOffset);
  }

  drawIndexedIndirect(indirectBuffer: Buffer, indirectOffset: number): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('drawIndexedIndirect');
    if (indirectBuffer.recorderStamp !== recorder.stamp) recorder.note(indirectBuffer);
    encode.recordGPURenderCommandsMixinDrawIndexedIndirect(recorder, indirectBuffer, indirectOffset);
  }
}

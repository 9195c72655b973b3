/** GPURenderCommandsMixin: what render passes and render bundles can both record. */
import * as encode from '@gpup/wire/encode';
import type * as T from '../generated/types.gen.ts';
import type { Buffer } from './buffer.ts';
import { BindingEncoder } from './encoder-base.ts';
import type { RenderPipeline } from './plain-objects.ts';

export abstract class RenderCommands extends BindingEncoder {
  setPipeline(pipeline: RenderPipeline): void {
    if (this.recorder.current !== this) return this.refuse('setPipeline');
    this.recorder.use(pipeline);
    encode.recordGPURenderCommandsMixinSetPipeline(this.recorder.words, pipeline);
  }

  setIndexBuffer(buffer: Buffer, indexFormat: T.GPUIndexFormat, offset: number, size: number | undefined): void {
    if (this.recorder.current !== this) return this.refuse('setIndexBuffer');
    this.recorder.use(buffer);
    encode.recordGPURenderCommandsMixinSetIndexBuffer(this.recorder.words, buffer, indexFormat, offset, size);
  }

  setVertexBuffer(slot: number, buffer: Buffer | null, offset: number, size: number | undefined): void {
    if (this.recorder.current !== this) return this.refuse('setVertexBuffer');
    if (buffer !== null) this.recorder.use(buffer);
    encode.recordGPURenderCommandsMixinSetVertexBuffer(this.recorder.words, slot, buffer, offset, size);
  }

  draw(vertexCount: number, instanceCount: number, firstVertex: number, firstInstance: number): void {
    if (this.recorder.current !== this) return this.refuse('draw');
    encode.recordGPURenderCommandsMixinDraw(this.recorder.words, vertexCount, instanceCount, firstVertex, firstInstance);
  }

  drawIndexed(indexCount: number, instanceCount: number, firstIndex: number, baseVertex: number, firstInstance: number): void {
    if (this.recorder.current !== this) return this.refuse('drawIndexed');
    encode.recordGPURenderCommandsMixinDrawIndexed(this.recorder.words, indexCount, instanceCount, firstIndex, baseVertex, firstInstance);
  }

  drawIndirect(indirectBuffer: Buffer, indirectOffset: number): void {
    if (this.recorder.current !== this) return this.refuse('drawIndirect');
    this.recorder.use(indirectBuffer);
    encode.recordGPURenderCommandsMixinDrawIndirect(this.recorder.words, indirectBuffer, indirectOffset);
  }

  drawIndexedIndirect(indirectBuffer: Buffer, indirectOffset: number): void {
    if (this.recorder.current !== this) return this.refuse('drawIndexedIndirect');
    this.recorder.use(indirectBuffer);
    encode.recordGPURenderCommandsMixinDrawIndexedIndirect(this.recorder.words, indirectBuffer, indirectOffset);
  }
}

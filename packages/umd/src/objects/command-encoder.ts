import { WIRE_LIMITS } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import type * as I from '../generated/impl.gen.ts';
import type * as T from '../generated/types.gen.ts';
import { Recorder } from '../recorder.ts';
import type { Buffer } from './buffer.ts';
import { CommandBuffer } from './command-buffer.ts';
import { ComputePassEncoder } from './compute-pass-encoder.ts';
import type { Device } from './device.ts';
import { EncoderBase } from './encoder-base.ts';
import { HostObject } from './host-object.ts';
import type { QuerySet } from './plain-objects.ts';
import { RenderPassEncoder } from './render-pass-encoder.ts';
import type { Texture } from './texture.ts';

/** Lives in the guest alone; everything it recorded crosses in one packet at finish(). */
export class CommandEncoder extends EncoderBase implements I.GPUCommandEncoderImpl {
  readonly #descriptor: T.GPUCommandEncoderDescriptor;
  #finished = false;
  #passCount = 0;
  /** The pass that locks this encoder, valid or not. */
  #pass: object | null = null;

  constructor(device: Device, descriptor: T.GPUCommandEncoderDescriptor) {
    super(device, Recorder.open(), descriptor.label);
    this.#descriptor = descriptor;
    this.recorder.current = this;
  }

  get isFinished(): boolean {
    return this.#finished;
  }

  protected refuse(command: string): void {
    if (this.#finished) {
      this.device.injectError('validation', `${command}() was called on a command encoder that is finished.`);
    } else if (this.#pass !== null) {
      this.recorder.fail(`${command}() was called on a command encoder while a pass of it was open.`);
    }
  }

  beginRenderPass(descriptor: T.GPURenderPassDescriptor): RenderPassEncoder {
    const pass = new RenderPassEncoder(this, descriptor.label);
    if (this.recorder.current !== this) {
      this.refuse('beginRenderPass');
      return pass;
    }
    this.#useAttachments(descriptor);
    encode.recordGPUCommandEncoderBeginRenderPass(this.recorder, descriptor);
    this.recorder.beginBody(descriptor);
    this.#lock(pass);
    return pass;
  }

  beginComputePass(descriptor: T.GPUComputePassDescriptor): ComputePassEncoder {
    const pass = new ComputePassEncoder(this, descriptor.label);
    if (this.recorder.current !== this) {
      this.refuse('beginComputePass');
      return pass;
    }
    if (descriptor.timestampWrites !== undefined) this.recorder.use(descriptor.timestampWrites.querySet as QuerySet);
    encode.recordGPUCommandEncoderBeginComputePass(this.recorder, descriptor);
    this.#lock(pass);
    return pass;
  }

  #lock(pass: object): void {
    this.#pass = pass;
    this.recorder.current = pass;
    // The host takes no more; to the program it is one error at finish().
    if (++this.#passCount >= WIRE_LIMITS.passCountMax) this.recorder.fail(`A command encoder has more passes than the limit (${WIRE_LIMITS.passCountMax}).`);
  }

  #useAttachments(descriptor: T.GPURenderPassDescriptor): void {
    const { recorder } = this;
    const use = (object: unknown): void => {
      if (object instanceof HostObject) recorder.use(object);
    };
    for (const attachment of descriptor.colorAttachments) {
      use(attachment?.view);
      use(attachment?.resolveTarget);
    }
    use(descriptor.depthStencilAttachment?.view);
    use(descriptor.occlusionQuerySet);
    use(descriptor.timestampWrites?.querySet);
  }

  /** A pass of this encoder has ended; the encoder may record again unless it has become invalid. */
  passEnded(pass: object): void {
    if (this.#pass !== pass) return;
    this.#pass = null;
    if (!this.recorder.isFailed) this.recorder.current = this;
  }

  copyBufferToBuffer(source: Buffer, sourceOffset: number, destination: Buffer, destinationOffset: number, size: number | undefined): void {
    if (this.recorder.current !== this) return this.refuse('copyBufferToBuffer');
    this.recorder.use(source);
    this.recorder.use(destination);
    encode.recordGPUCommandEncoderCopyBufferToBuffer(this.recorder, source, sourceOffset, destination, destinationOffset, size);
  }

  copyBufferToTexture(source: T.GPUTexelCopyBufferInfo, destination: T.GPUTexelCopyTextureInfo, copySize: T.GPUExtent3DDict): void {
    if (this.recorder.current !== this) return this.refuse('copyBufferToTexture');
    const { mipLevel, origin, aspect } = destination;
    this.recorder.use(source.buffer as Buffer);
    this.recorder.use(destination.texture as Texture);
    encode.recordGPUCommandEncoderCopyBufferToTexture(
      this.recorder, source.buffer as Buffer, source, destination.texture as Texture, mipLevel, origin, aspect, copySize,
    );
  }

  copyTextureToBuffer(source: T.GPUTexelCopyTextureInfo, destination: T.GPUTexelCopyBufferInfo, copySize: T.GPUExtent3DDict): void {
    if (this.recorder.current !== this) return this.refuse('copyTextureToBuffer');
    const { mipLevel, origin, aspect } = source;
    this.recorder.use(source.texture as Texture);
    this.recorder.use(destination.buffer as Buffer);
    encode.recordGPUCommandEncoderCopyTextureToBuffer(
      this.recorder, source.texture as Texture, mipLevel, origin, aspect, destination.buffer as Buffer, destination, copySize,
    );
  }

  copyTextureToTexture(source: T.GPUTexelCopyTextureInfo, destination: T.GPUTexelCopyTextureInfo, copySize: T.GPUExtent3DDict): void {
    if (this.recorder.current !== this) return this.refuse('copyTextureToTexture');
    this.recorder.use(source.texture as Texture);
    this.recorder.use(destination.texture as Texture);
    encode.recordGPUCommandEncoderCopyTextureToTexture(
      this.recorder,
      source.texture as Texture, source.mipLevel, source.origin, source.aspect,
      destination.texture as Texture, destination.mipLevel, destination.origin, destination.aspect,
      copySize,
    );
  }

  clearBuffer(buffer: Buffer, offset: number, size: number | undefined): void {
    if (this.recorder.current !== this) return this.refuse('clearBuffer');
    this.recorder.use(buffer);
    encode.recordGPUCommandEncoderClearBuffer(this.recorder, buffer, offset, size);
  }

  resolveQuerySet(querySet: QuerySet, firstQuery: number, queryCount: number, destination: Buffer, destinationOffset: number): void {
    if (this.recorder.current !== this) return this.refuse('resolveQuerySet');
    this.recorder.use(querySet);
    this.recorder.use(destination);
    encode.recordGPUCommandEncoderResolveQuerySet(this.recorder, querySet, firstQuery, queryCount, destination, destinationOffset);
  }

  /** An open pass, an unbalanced debug group and the like are found by the host when it replays the commands. */
  finish(descriptor: T.GPUCommandBufferDescriptor): CommandBuffer {
    const { context } = this.device;
    const buffer = new CommandBuffer(context, descriptor.label);
    // A second finish() gives an invalid object: an encoder that does nothing but fail.
    const recorder = this.#finished ? Recorder.failed('finish() was called on a command encoder that is finished.') : this.recorder;
    this.#finished = true;
    recorder.limit(context.link.packetWordsMax);
    if (recorder.bodies.length > 0) this.device.passes.replace(recorder);
    encode.encodeGPUCommandEncoderFinish(context.out, this.device.handle, buffer.handle, this.#descriptor, descriptor, {
      words: recorder.words,
      begin: 0,
      end: recorder.length,
    });
    context.writtenForSubmit();
    recorder.retire();
    return buffer;
  }
}

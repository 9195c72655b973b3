import { GuestFault } from '@gpup/base';
import type { WordRange } from '@gpup/wire';
import { RECORDED } from '@gpup/wire/numbers';
import { BUFFER_USAGE, TEXTURE_USAGE } from '../backend.ts';
import type { CommandReader } from '../command-reader.ts';
import type { DeviceState } from '../device-state.ts';
import { dispatchRecorded, type RecordedHandlers } from '../generated/dispatch.gen.ts';
import { missingUsage } from '../host-usage.ts';
import type { Known } from '../object-table.ts';
import type { RecordedPass, ReplayStep } from './recorded-pass.ts';

/**
 * body: commands of a render pass that are only read; replayed: a render pass that has nothing left but
 * its end.
 */
type Scope = 'encoder' | 'compute' | 'render' | 'replayed' | 'bundle' | 'body' | 'none';

/** The length of a command is in its first word; this value says that the second has it. */
const LONG_FORM = 0xffff;
const BEGIN_RENDER_PASS = RECORDED['GPUCommandEncoder.beginRenderPass'];

/** Takes every command of a render pass and does nothing with it. */
const NOWHERE = Object.fromEntries(
  [
    ...['setPipeline', 'setBindGroup', 'setImmediates', 'setVertexBuffer', 'setIndexBuffer', 'executeBundles'],
    ...['draw', 'drawIndexed', 'drawIndirect', 'drawIndexedIndirect', 'beginOcclusionQuery', 'endOcclusionQuery'],
    ...['setViewport', 'setScissorRect', 'setBlendConstant', 'setStencilReference'],
    ...['pushDebugGroup', 'popDebugGroup', 'insertDebugMarker'],
  ].map((name) => [name, () => {}]),
) as unknown as GPURenderPassEncoder;

/**
 * Plays the commands that a guest recorded on an encoder of the implementation, in call order.
 *
 * A guest driver keeps encoder and pass commands apart, so a command outside of its scope is a fault.
 * What the application did wrong makes the encoder invalid and is reported when it finishes: by the
 * implementation, or by us where our wider usages hide it from the implementation.
 */
export class Recording implements RecordedHandlers {
  readonly #reader: CommandReader;
  #scope: Scope = 'none';
  /** Number of the command before the one at hand. */
  #previousOp = 0;
  #device: DeviceState | null = null;
  #encoder: GPUCommandEncoder | null = null;
  #compute: GPUComputePassEncoder | null = null;
  #render: GPURenderPassEncoder | null = null;
  /** The render pass or the bundle. */
  #draws: GPURenderPassEncoder | GPURenderBundleEncoder | null = null;
  /** Whatever has bind groups now. */
  #bindings: GPUBindingCommandsMixin | null = null;
  #debug: GPUDebugCommandsMixin | null = null;
  #failure: string | null = null;
  readonly #passCountMax: number;
  #passCount = 0;

  constructor(reader: CommandReader, passCountMax: number) {
    this.#reader = reader;
    this.#passCountMax = passCountMax;
  }

  /** Passes of the encoder that was played last. */
  get passCount(): number {
    return this.#passCount;
  }

  /** Returns why the encoder is invalid as far as the implementation cannot know. */
  playCommands(device: DeviceState, encoder: GPUCommandEncoder, block: WordRange): string | null {
    this.#device = device;
    this.#encoder = encoder;
    this.#passCount = 0;
    this.#enter('encoder', encoder);
    return this.#play(block);
  }

  /** After an exception that is not the guest's end: forgets what was begun. */
  abandon(): void {
    this.#leave();
  }

  playBundle(encoder: GPURenderBundleEncoder, block: WordRange): string | null {
    this.#draws = encoder;
    this.#bindings = encoder;
    this.#passCount = 0;
    this.#enter('bundle', encoder);
    return this.#play(block);
  }

  /** Reads commands that are to stand inside a render pass, and does nothing with them. */
  check(block: WordRange): void {
    this.#render = NOWHERE;
    this.#draws = NOWHERE;
    this.#bindings = NOWHERE;
    this.#enter('body', NOWHERE);
    this.#play(block);
  }

  #play(block: WordRange): string | null {
    this.#previousOp = 0;
    this.#playRange(block);
    return this.#leave();
  }

  #playRange({ words, begin, end }: WordRange): void {
    const reader = this.#reader;
    for (let at = begin; at < end; ) {
      const head = words[at] as number;
      let length = head >>> 16;
      let headWords = 1;
      if (length === LONG_FORM && at + 1 < end) {
        length = words[at + 1] as number;
        headWords = 2;
      }
      if (length < headWords || length > end - at) {
        throw new GuestFault('command-length', `A recorded command claims ${length} words, ${end - at} are left.`);
      }
      reader.open(words, at + headWords, at + length);
      dispatchRecorded(this, head & 0xffff, reader);
      this.#previousOp = head & 0xffff;
      at += length;
    }
  }

  #enter(scope: Scope, debug: GPUDebugCommandsMixin): void {
    this.#scope = scope;
    this.#debug = debug;
  }

  /** Keeps nothing of the encoder. */
  #leave(): string | null {
    const failure = this.#failure;
    this.#failure = null;
    this.#device = null;
    this.#encoder = null;
    this.#endPass();
    this.#scope = 'none';
    this.#debug = null;
    return failure;
  }

  #endPass(): void {
    this.#compute = null;
    this.#render = null;
    this.#draws = null;
    this.#bindings = null;
  }

  /** The first failure is the one that is reported. */
  #fail(message: string): void {
    this.#failure ??= message;
  }

  /** True where the application may use the object so; otherwise the command is left out. */
  #allows(known: Known, usage: number, command: string): boolean {
    const missing = missingUsage(known, usage);
    // An object that is no good at all is the implementation's to report.
    if (missing === null || known.state === 'invalid') return true;
    this.#fail(`${missing}\n - While encoding [CommandEncoder].${command}.`);
    return false;
  }

  #outOfScope(expected: string): never {
    throw new GuestFault('command-scope', `A recorded command needs a ${expected}, the scope is '${this.#scope}'.`);
  }

  #encoderScope(): GPUCommandEncoder {
    if (this.#scope !== 'encoder') this.#outOfScope('command encoder');
    return this.#encoder as GPUCommandEncoder;
  }

  #computeScope(): GPUComputePassEncoder {
    return this.#compute ?? this.#outOfScope('compute pass');
  }

  #renderScope(): GPURenderPassEncoder {
    if (this.#scope === 'replayed') this.#outOfScope('render pass that replays nothing');
    return this.#render ?? this.#outOfScope('render pass');
  }

  #drawScope(): GPURenderPassEncoder | GPURenderBundleEncoder {
    return this.#draws ?? this.#outOfScope('render pass or bundle');
  }

  #bindingScope(): GPUBindingCommandsMixin {
    return this.#bindings ?? this.#outOfScope('pass or bundle');
  }

  /** Three words of a packet begin a pass, which costs a kilobyte here. */
  #countPass(): void {
    if (++this.#passCount > this.#passCountMax) {
      throw new GuestFault('pass-count', `A command encoder has more passes than the limit (${this.#passCountMax}).`);
    }
  }

  // Command encoder

  'GPUCommandEncoder.beginRenderPass'(descriptor: GPURenderPassDescriptor): void {
    const encoder = this.#encoderScope();
    this.#countPass();
    const pass = encoder.beginRenderPass(descriptor);
    this.#render = pass;
    this.#draws = pass;
    this.#bindings = pass;
    this.#enter('render', pass);
  }

  'GPUCommandEncoder.beginComputePass'(descriptor: GPUComputePassDescriptor): void {
    const encoder = this.#encoderScope();
    this.#countPass();
    const pass = encoder.beginComputePass(descriptor);
    this.#compute = pass;
    this.#bindings = pass;
    this.#enter('compute', pass);
  }

  'GPUCommandEncoder.copyBufferToBuffer'(source: Known<GPUBuffer>, sourceOffset: number, destination: Known<GPUBuffer>, destinationOffset: number, size: number | undefined): void {
    const encoder = this.#encoderScope();
    if (!this.#allows(source, BUFFER_USAGE.COPY_SRC, 'CopyBufferToBuffer')) return;
    if (!this.#allows(destination, BUFFER_USAGE.COPY_DST, 'CopyBufferToBuffer')) return;
    encoder.copyBufferToBuffer(source.native, sourceOffset, destination.native, destinationOffset, size);
  }

  'GPUCommandEncoder.copyBufferToTexture'(buffer: Known<GPUBuffer>, layout: GPUTexelCopyBufferLayout, texture: Known<GPUTexture>, mipLevel: number, origin: GPUOrigin3DDict, aspect: GPUTextureAspect, size: object): void {
    const encoder = this.#encoderScope();
    if (!this.#allows(buffer, BUFFER_USAGE.COPY_SRC, 'CopyBufferToTexture')) return;
    if (!this.#allows(texture, TEXTURE_USAGE.COPY_DST, 'CopyBufferToTexture')) return;
    encoder.copyBufferToTexture({ ...layout, buffer: buffer.native }, { texture: texture.native, mipLevel, origin, aspect }, size as GPUExtent3DDict);
  }

  'GPUCommandEncoder.copyTextureToBuffer'(texture: Known<GPUTexture>, mipLevel: number, origin: GPUOrigin3DDict, aspect: GPUTextureAspect, buffer: Known<GPUBuffer>, layout: GPUTexelCopyBufferLayout, size: object): void {
    const encoder = this.#encoderScope();
    if (!this.#allows(texture, TEXTURE_USAGE.COPY_SRC, 'CopyTextureToBuffer')) return;
    if (!this.#allows(buffer, BUFFER_USAGE.COPY_DST, 'CopyTextureToBuffer')) return;
    encoder.copyTextureToBuffer({ texture: texture.native, mipLevel, origin, aspect }, { ...layout, buffer: buffer.native }, size as GPUExtent3DDict);
  }

  'GPUCommandEncoder.copyTextureToTexture'(
    source: Known<GPUTexture>,
    sourceMipLevel: number,
    sourceOrigin: GPUOrigin3DDict,
    sourceAspect: GPUTextureAspect,
    destination: Known<GPUTexture>,
    destinationMipLevel: number,
    destinationOrigin: GPUOrigin3DDict,
    destinationAspect: GPUTextureAspect,
    size: object,
  ): void {
    const encoder = this.#encoderScope();
    if (!this.#allows(source, TEXTURE_USAGE.COPY_SRC, 'CopyTextureToTexture')) return;
    if (!this.#allows(destination, TEXTURE_USAGE.COPY_DST, 'CopyTextureToTexture')) return;
    encoder.copyTextureToTexture(
      { texture: source.native, mipLevel: sourceMipLevel, origin: sourceOrigin, aspect: sourceAspect },
      { texture: destination.native, mipLevel: destinationMipLevel, origin: destinationOrigin, aspect: destinationAspect },
      size as GPUExtent3DDict,
    );
  }

  'GPUCommandEncoder.clearBuffer'(buffer: Known<GPUBuffer>, offset: number, size: number | undefined): void {
    const encoder = this.#encoderScope();
    if (!this.#allows(buffer, BUFFER_USAGE.COPY_DST, 'ClearBuffer')) return;
    encoder.clearBuffer(buffer.native, offset, size);
  }

  'GPUCommandEncoder.resolveQuerySet'(querySet: Known<GPUQuerySet>, firstQuery: number, queryCount: number, destination: Known<GPUBuffer>, destinationOffset: number): void {
    this.#encoderScope().resolveQuerySet(querySet.native, firstQuery, queryCount, destination.native, destinationOffset);
  }

  'Encoder.fail'(message: string): void {
    this.#fail(message);
  }

  // Every encoder

  'GPUDebugCommandsMixin.pushDebugGroup'(groupLabel: string): void {
    this.#debug?.pushDebugGroup(groupLabel);
  }

  'GPUDebugCommandsMixin.popDebugGroup'(): void {
    this.#debug?.popDebugGroup();
  }

  'GPUDebugCommandsMixin.insertDebugMarker'(markerLabel: string): void {
    this.#debug?.insertDebugMarker(markerLabel);
  }

  // Passes and bundles

  'GPUBindingCommandsMixin.setBindGroup'(index: number, bindGroup: Known<GPUBindGroup> | null, dynamicOffsets: Uint32Array): void {
    const bindings = this.#bindingScope();
    const native = bindGroup === null ? null : bindGroup.native;
    if (dynamicOffsets.length === 0) bindings.setBindGroup(index, native);
    else bindings.setBindGroup(index, native, dynamicOffsets, 0, dynamicOffsets.length);
  }

  'GPUBindingCommandsMixin.setImmediates'(rangeOffset: number, data: Uint8Array): void {
    const bindings = this.#bindingScope();
    // The implementation throws for it, as the application's own thread should have done.
    if (rangeOffset % 4 !== 0 || data.byteLength % 4 !== 0) {
      throw new GuestFault('immediates-alignment', `Immediates of ${data.byteLength} bytes at ${rangeOffset} are not aligned to 4 bytes.`);
    }
    bindings.setImmediates(rangeOffset, data, 0, data.byteLength);
  }

  // Compute pass

  'GPUComputePassEncoder.setPipeline'(pipeline: Known<GPUComputePipeline>): void {
    this.#computeScope().setPipeline(pipeline.native);
  }

  'GPUComputePassEncoder.dispatchWorkgroups'(x: number, y: number, z: number): void {
    this.#computeScope().dispatchWorkgroups(x, y, z);
  }

  'GPUComputePassEncoder.dispatchWorkgroupsIndirect'(indirectBuffer: Known<GPUBuffer>, indirectOffset: number): void {
    this.#computeScope().dispatchWorkgroupsIndirect(indirectBuffer.native, indirectOffset);
  }

  'GPUComputePassEncoder.end'(): void {
    this.#computeScope().end();
    this.#backToEncoder();
  }

  #backToEncoder(): void {
    this.#endPass();
    this.#enter('encoder', this.#encoder as GPUCommandEncoder);
  }

  // Render pass

  'GPURenderPassEncoder.setViewport'(x: number, y: number, width: number, height: number, minDepth: number, maxDepth: number): void {
    this.#renderScope().setViewport(x, y, width, height, minDepth, maxDepth);
  }

  'GPURenderPassEncoder.setScissorRect'(x: number, y: number, width: number, height: number): void {
    this.#renderScope().setScissorRect(x, y, width, height);
  }

  'GPURenderPassEncoder.setBlendConstant'(color: object): void {
    this.#renderScope().setBlendConstant(color as GPUColorDict);
  }

  'GPURenderPassEncoder.setStencilReference'(reference: number): void {
    this.#renderScope().setStencilReference(reference);
  }

  'GPURenderPassEncoder.beginOcclusionQuery'(queryIndex: number): void {
    this.#renderScope().beginOcclusionQuery(queryIndex);
  }

  'GPURenderPassEncoder.endOcclusionQuery'(): void {
    this.#renderScope().endOcclusionQuery();
  }

  'GPURenderPassEncoder.executeBundles'(bundles: Known<GPURenderBundle>[]): void {
    this.#renderScope().executeBundles(bundles.map((bundle) => bundle.native));
  }

  'GPURenderPassEncoder.end'(): void {
    if (this.#scope !== 'render' && this.#scope !== 'replayed') this.#outOfScope('render pass');
    (this.#render as GPURenderPassEncoder).end();
    this.#backToEncoder();
  }

  /** Stands for everything in the pass, so it is the first and the last command of one. */
  'RecordedPass.replay'(pass: Known<RecordedPass>): void {
    if (this.#scope !== 'render' || this.#previousOp !== BEGIN_RENDER_PASS) this.#outOfScope('render pass without commands');
    pass.native.checkReferences(pass);
    const packet = pass.packet as Uint32Array;
    const begin = packet.length - pass.native.wordCount;
    const steps = pass.device === this.#device ? pass.native.steps : null;
    if (steps === null) this.#playRange({ words: packet, begin, end: packet.length });
    else for (const step of steps) this.#replayStep(step, packet, begin);
    this.#draws = null;
    this.#bindings = null;
    this.#scope = 'replayed';
  }

  #replayStep({ bundles, begin, end }: ReplayStep, words: Uint32Array, first: number): void {
    if (bundles.length === 0) this.#playRange({ words, begin: first + begin, end: first + end });
    else (this.#render as GPURenderPassEncoder).executeBundles(bundles);
  }

  // Render pass or bundle

  'GPURenderCommandsMixin.setPipeline'(pipeline: Known<GPURenderPipeline>): void {
    this.#drawScope().setPipeline(pipeline.native);
  }

  'GPURenderCommandsMixin.setIndexBuffer'(buffer: Known<GPUBuffer>, indexFormat: GPUIndexFormat, offset: number, size: number | undefined): void {
    this.#drawScope().setIndexBuffer(buffer.native, indexFormat, offset, size);
  }

  'GPURenderCommandsMixin.setVertexBuffer'(slot: number, buffer: Known<GPUBuffer> | null, offset: number, size: number | undefined): void {
    this.#drawScope().setVertexBuffer(slot, buffer === null ? null : buffer.native, offset, size);
  }

  'GPURenderCommandsMixin.draw'(vertexCount: number, instanceCount: number, firstVertex: number, firstInstance: number): void {
    this.#drawScope().draw(vertexCount, instanceCount, firstVertex, firstInstance);
  }

  'GPURenderCommandsMixin.drawIndexed'(indexCount: number, instanceCount: number, firstIndex: number, baseVertex: number, firstInstance: number): void {
    this.#drawScope().drawIndexed(indexCount, instanceCount, firstIndex, baseVertex, firstInstance);
  }

  'GPURenderCommandsMixin.drawIndirect'(indirectBuffer: Known<GPUBuffer>, indirectOffset: number): void {
    this.#drawScope().drawIndirect(indirectBuffer.native, indirectOffset);
  }

  'GPURenderCommandsMixin.drawIndexedIndirect'(indirectBuffer: Known<GPUBuffer>, indirectOffset: number): void {
    this.#drawScope().drawIndexedIndirect(indirectBuffer.native, indirectOffset);
  }
}

import type { ComputeFunctions, DawnImage, RenderFunctions } from './dawn-image.ts';
import { DynamicOffsets } from './dynamic-offsets.ts';
import { EncoderHandle, NativeHandles } from './native-handles.ts';

/** How many calls go by the binding before finding an object's handle pays, which takes some five calls' time. */
export interface Patience {
  readonly encoder: number;
  readonly object: number;
}

export const PATIENCE: Patience = { encoder: 8, object: 1 };
/** Every call that can be is direct. */
export const NO_PATIENCE: Patience = { encoder: 0, object: 0 };

/** The classes of the binding that record. */
interface Faces {
  readonly GPURenderPassEncoder: { readonly prototype: GPURenderPassEncoder };
  readonly GPURenderBundleEncoder: { readonly prototype: GPURenderBundleEncoder };
  readonly GPUComputePassEncoder: { readonly prototype: GPUComputePassEncoder };
}

/** WGPU_WHOLE_SIZE */
const WHOLE_SIZE = 0xffffffffffffffffn;
const INDEX_FORMATS: Readonly<Record<GPUIndexFormat, number>> = { uint16: 1, uint32: 2 };
/** More than a layout may have: only a call that is wrong brings more, and the binding copes with any number. */
const OFFSET_COUNT_MAX = 64;

/**
 * Makes the binding's encoders record by Dawn's C API, at a quarter of what a call through N-API costs. What
 * has no handle (yet) is recorded by the binding; the two may alternate within a pass.
 *
 * Only commands inside a pass or bundle are called directly: they return nothing, and report nothing before
 * the encoder finishes. A function that can report an error or find the device lost calls back into
 * JavaScript, which cannot run on the stack that foreign functions are given.
 *
 * Arguments are of the types that decoding gives them: nothing is converted here.
 */
export function recordDirectly(globals: Readonly<Record<string, unknown>>, image: DawnImage, patience: Patience): void {
  const { GPURenderPassEncoder, GPURenderBundleEncoder, GPUComputePassEncoder } = globals as unknown as Faces;
  const handles = new NativeHandles(image, patience.object);
  const offsets = new DynamicOffsets();
  const shared = (encoderClass: ConstructorParameters<typeof EncoderHandle>[1]): Shared => ({ handles, offsets, encoders: new EncoderHandle(handles, encoderClass, patience.encoder) });
  recordRendering(GPURenderPassEncoder.prototype, image.RenderPassEncoder, shared('RenderPassEncoder'));
  recordRendering(GPURenderBundleEncoder.prototype, image.RenderBundleEncoder, shared('RenderBundleEncoder'));
  recordComputing(GPUComputePassEncoder.prototype, image.ComputePassEncoder, shared('ComputePassEncoder'));
}

interface Shared {
  readonly handles: NativeHandles;
  readonly offsets: DynamicOffsets;
  readonly encoders: EncoderHandle;
}

type SetBindGroup = (index: number, group: GPUBindGroup | null | undefined, offsets?: Iterable<number>, start?: number, count?: number) => void;

function bindGroups(original: SetBindGroup, direct: RenderFunctions['SetBindGroup'], { handles, offsets, encoders }: Shared): SetBindGroup {
  return function (this: object, index, group, data, start, count) {
    const encoder = encoders.of(this);
    if (encoder === 0) return byBinding(original, this, index, group, data, start, count);
    const handle = group == null ? 0 : handles.of(group, 'BindGroup');
    if (handle === 0 && group != null) return byBinding(original, this, index, group, data, start, count);
    if (data === undefined) {
      direct(encoder, index, handle, 0, 0);
      return;
    }
    const isWhole = data instanceof Uint32Array && start === 0 && count === data.length;
    if (!isWhole || count > OFFSET_COUNT_MAX) return byBinding(original, this, index, group, data, start, count);
    direct(encoder, index, handle, count, offsets.place(data));
  };
}

/** The binding chooses an overload by the number of arguments. */
function byBinding(original: SetBindGroup, self: object, ...values: Parameters<SetBindGroup>): void {
  const [index, group, data, start, count] = values;
  if (data === undefined) original.call(self, index, group);
  else if (start === undefined) original.call(self, index, group, data);
  else original.call(self, index, group, data, start, count);
}

type Changeable<T> = { -readonly [K in keyof T]: T[K] };
type RenderEncoder = Changeable<GPURenderPassEncoder | GPURenderBundleEncoder>;

function recordRendering(prototype: RenderEncoder, direct: RenderFunctions, shared: Shared): void {
  const { handles, encoders } = shared;
  const { setBindGroup, setPipeline, setVertexBuffer, setIndexBuffer, draw, drawIndexed } = prototype;

  prototype.setBindGroup = bindGroups(setBindGroup as SetBindGroup, direct.SetBindGroup, shared) as RenderEncoder['setBindGroup'];

  prototype.setPipeline = function (this: RenderEncoder, pipeline) {
    const encoder = encoders.of(this);
    const handle = encoder === 0 ? 0 : handles.of(pipeline, 'RenderPipeline');
    if (handle === 0) setPipeline.call(this, pipeline);
    else direct.SetPipeline(encoder, handle);
  };

  prototype.setVertexBuffer = function (this: RenderEncoder, slot, buffer, offset = 0, size) {
    const encoder = encoders.of(this);
    const handle = encoder === 0 || buffer == null ? 0 : handles.of(buffer, 'Buffer');
    if (handle === 0) setVertexBuffer.call(this, slot, buffer, offset, size);
    else direct.SetVertexBuffer(encoder, slot, handle, offset, size ?? WHOLE_SIZE);
  };

  prototype.setIndexBuffer = function (this: RenderEncoder, buffer, indexFormat, offset = 0, size) {
    const encoder = encoders.of(this);
    const handle = encoder === 0 ? 0 : handles.of(buffer, 'Buffer');
    if (handle === 0) setIndexBuffer.call(this, buffer, indexFormat, offset, size);
    else direct.SetIndexBuffer(encoder, handle, INDEX_FORMATS[indexFormat], offset, size ?? WHOLE_SIZE);
  };

  prototype.draw = function (this: RenderEncoder, vertexCount, instanceCount = 1, firstVertex = 0, firstInstance = 0) {
    const encoder = encoders.of(this);
    if (encoder === 0) draw.call(this, vertexCount, instanceCount, firstVertex, firstInstance);
    else direct.Draw(encoder, vertexCount, instanceCount, firstVertex, firstInstance);
  };

  prototype.drawIndexed = function (this: RenderEncoder, indexCount, instanceCount = 1, firstIndex = 0, baseVertex = 0, firstInstance = 0) {
    const encoder = encoders.of(this);
    if (encoder === 0) drawIndexed.call(this, indexCount, instanceCount, firstIndex, baseVertex, firstInstance);
    else direct.DrawIndexed(encoder, indexCount, instanceCount, firstIndex, baseVertex, firstInstance);
  };

  for (const [name, call] of [['drawIndirect', direct.DrawIndirect], ['drawIndexedIndirect', direct.DrawIndexedIndirect]] as const) {
    const original = prototype[name];
    prototype[name] = function (this: RenderEncoder, buffer, offset) {
      const encoder = encoders.of(this);
      const handle = encoder === 0 ? 0 : handles.of(buffer, 'Buffer');
      if (handle === 0) original.call(this, buffer, offset);
      else call(encoder, handle, offset);
    };
  }
}

function recordComputing(prototype: Changeable<GPUComputePassEncoder>, direct: ComputeFunctions, shared: Shared): void {
  const { handles, encoders } = shared;
  const { setBindGroup, setPipeline, dispatchWorkgroups, dispatchWorkgroupsIndirect } = prototype;

  prototype.setBindGroup = bindGroups(setBindGroup as SetBindGroup, direct.SetBindGroup, shared) as GPUComputePassEncoder['setBindGroup'];

  prototype.setPipeline = function (this: GPUComputePassEncoder, pipeline) {
    const encoder = encoders.of(this);
    const handle = encoder === 0 ? 0 : handles.of(pipeline, 'ComputePipeline');
    if (handle === 0) setPipeline.call(this, pipeline);
    else direct.SetPipeline(encoder, handle);
  };

  prototype.dispatchWorkgroups = function (this: GPUComputePassEncoder, x, y = 1, z = 1) {
    const encoder = encoders.of(this);
    if (encoder === 0) dispatchWorkgroups.call(this, x, y, z);
    else direct.DispatchWorkgroups(encoder, x, y, z);
  };

  prototype.dispatchWorkgroupsIndirect = function (this: GPUComputePassEncoder, buffer, offset) {
    const encoder = encoders.of(this);
    const handle = encoder === 0 ? 0 : handles.of(buffer, 'Buffer');
    if (handle === 0) dispatchWorkgroupsIndirect.call(this, buffer, offset);
    else direct.DispatchWorkgroupsIndirect(encoder, handle, offset);
  };
}

import { GuestFault } from '@gpup/base';
import { BUFFER_USAGE, OwnedCommandBuffer, TEXTURE_USAGE } from '../backend.ts';
import type { Context } from '../context.ts';
import { Kind, KIND_NAMES } from '../generated/kinds.gen.ts';
import type { Handlers } from '../generated/dispatch.gen.ts';
import { missingUsage } from '../host-usage.ts';
import type { Known } from '../object-table.ts';
import { deviceOf } from './device.ts';

type QueueHandlers = Pick<
  Handlers,
  | 'GPUQueue.submit'
  | 'GPUQueue.onSubmittedWorkDone'
  | 'GPUQueue.writeBuffer'
  | 'GPUQueue.writeTexture'
  | 'GPUQueue.copyExternalImageToTexture'
>;

/** The packet goes on with a write whose first packet has had its errors reported. */
const CONTINUES = 1;

/** https://gpuweb.github.io/gpuweb/#dom-gpuqueue-copyexternalimagetotexture */
const EXTERNAL_IMAGE_FORMATS: ReadonlySet<string> = new Set([
  ...['r8unorm', 'r16float', 'r32float', 'rg8unorm', 'rg16float', 'rg32float', 'rgba8unorm', 'rgba8unorm-srgb'],
  ...['bgra8unorm', 'bgra8unorm-srgb', 'rgb10a2unorm', 'rgba16float', 'rgba32float'],
  ...['r16unorm', 'rg16unorm', 'rgba16unorm', 'r8snorm', 'rg8snorm', 'rgba8snorm', 'r16snorm', 'rg16snorm', 'rgba16snorm', 'rg11b10ufloat'],
]);

export function queueHandlers(context: Context): QueueHandlers {
  const { table, work, replies, gate } = context;

  /** Takes the command buffers out of the table: a submit uses them up, also one that fails. */
  function take(handles: Uint32Array): { readonly natives: GPUCommandBuffer[]; readonly error: string | null } {
    const natives: GPUCommandBuffer[] = [];
    const seen = new Set<number>();
    let error: string | null = null;
    for (const handle of handles) {
      if (handle === 0 || seen.has(handle)) {
        error = 'A command buffer was submitted before, or is named twice.\n - While calling [Queue].Submit.';
        continue;
      }
      const known = table.lookup(handle);
      if (known.kind !== Kind.GPUCommandBuffer) {
        throw new GuestFault('wrong-kind', `Handle ${handle} names a ${KIND_NAMES[known.kind]}, expected a GPUCommandBuffer.`);
      }
      seen.add(handle);
      natives.push(known.native as GPUCommandBuffer);
    }
    return { natives, error };
  }

  function submit(self: Known<GPUQueue>, natives: readonly GPUCommandBuffer[]): void {
    const { compact } = context.backend;
    const isCompact = compact !== null && natives.some((native) => native instanceof OwnedCommandBuffer);
    if (!isCompact) return self.native.submit(natives);
    const device = deviceOf(self);
    compact.submit(self.native, { device: device.native, buffers: natives, uncaptured: device.uncaptured });
  }

  function execute(self: Known<GPUQueue>, handles: Uint32Array, cameMs?: number): void {
    const { natives, error } = take(handles);
    work.begins();
    if (error === null) submit(self, natives);
    else deviceOf(self).scopes.raise('validation', error);
    work.submitted(self.native, deviceOf(self).known.handle, cameMs);
    for (const handle of new Set(handles)) if (handle !== 0) table.release(handle);
  }

  /** Its command buffers stay in the table, where nobody touches them: the guest is not read meanwhile. */
  function keep(self: Known<GPUQueue>, handles: Uint32Array): void {
    const kept = handles.slice();
    const cameMs = context.nowMs();
    gate.keep(() => execute(self, kept, cameMs));
  }

  /** Runs the write of a packet: what fails in the middle of a long write was reported at its beginning. */
  function write(self: Known<GPUQueue>, flags: number, byteLength: number, call: () => void): void {
    if ((flags & CONTINUES) === 0) call();
    else deviceOf(self).scopes.swallow(call);
    work.written(self.native, byteLength);
  }

  /** False, and reported unless it was before, where the application may not write to `known`. */
  function allows(self: Known<GPUQueue>, known: Known, { usage, flags, call }: { readonly usage: number; readonly flags: number; readonly call: string }): boolean {
    const missing = missingUsage(known, usage);
    if (missing === null || known.state === 'invalid') return true;
    if ((flags & CONTINUES) === 0) deviceOf(self).scopes.raise('validation', `${missing}\n - While calling [Queue].${call}.`);
    return false;
  }

  return {
    'GPUQueue.submit'(self, handles) {
      if (gate.isFree || gate.admits()) execute(self, handles);
      else keep(self, handles);
    },

    'GPUQueue.onSubmittedWorkDone'(self, request) {
      replies.expect();
      if (work.isIdle) context.backend.hurry();
      // A lost device has no work left, whichever way the implementation puts it.
      const done = (): void => replies.done(request);
      context.settle(work.done(self.native), done, done);
    },

    'GPUQueue.writeBuffer'(self, buffer, offset, flags, data) {
      if (data.byteLength % 4 !== 0) throw new GuestFault('write-alignment', `A write to a buffer has ${data.byteLength} bytes, which are not whole words.`);
      if (!allows(self, buffer, { usage: BUFFER_USAGE.COPY_DST, flags, call: 'WriteBuffer' })) return;
      write(self, flags, data.byteLength, () => self.native.writeBuffer(buffer.native, offset, data, 0, data.byteLength));
    },

    'GPUQueue.writeTexture'(self, texture, mipLevel, origin, aspect, layout, size, flags, data) {
      if (!allows(self, texture, { usage: TEXTURE_USAGE.COPY_DST, flags, call: 'WriteTexture' })) return;
      const destination = { texture: texture.native, mipLevel, origin: origin as GPUOrigin3DDict, aspect };
      write(self, flags, data.byteLength, () => self.native.writeTexture(destination, data, layout, size as unknown as GPUExtent3DDict));
    },

    'GPUQueue.copyExternalImageToTexture'(self, texture, mipLevel, origin, aspect, size, bytesPerRow, data) {
      const extent = size as unknown as GPUExtent3DDict;
      const usage = TEXTURE_USAGE.COPY_DST | TEXTURE_USAGE.RENDER_ATTACHMENT;
      if (!allows(self, texture, { usage, flags: 0, call: 'CopyExternalImageToTexture' })) return;
      const objection = objectionToImage(texture);
      if (objection !== null) {
        deviceOf(self).scopes.raise('validation', `${objection}\n - While calling [Queue].CopyExternalImageToTexture.`);
        return;
      }
      const destination = { texture: texture.native, mipLevel, origin: origin as GPUOrigin3DDict, aspect };
      const layout = { bytesPerRow, rowsPerImage: extent.height ?? 1 };
      write(self, 0, data.byteLength, () => self.native.writeTexture(destination, data, layout, extent));
    },
  };
}

/** What a write of pixels asks of the texture beyond what any write does. */
function objectionToImage(known: Known<GPUTexture>): string | null {
  if (known.texture === null || known.state === 'invalid') return null;
  const { format, dimension, sampleCount } = known.texture;
  if (!EXTERNAL_IMAGE_FORMATS.has(format)) return `The format of the destination (${format}) is not one that images can be copied to.`;
  if (dimension !== '2d') return `The dimension of the destination (${dimension}) is not 2d.`;
  if (sampleCount !== 1) return `The sample count of the destination (${sampleCount}) is not 1.`;
  return null;
}

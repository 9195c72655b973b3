import { TEXTURE_USAGE } from '../backend.ts';
import { textureBytes } from '@gpup/vidmm';
import type { Context } from '../context.ts';
import type { Handlers } from '../generated/dispatch.gen.ts';
import { Kind } from '../generated/kinds.gen.ts';
import { describe, flagNames, hostTextureUsage } from '../host-usage.ts';
import type { Known } from '../object-table.ts';
import { deviceOf } from './device.ts';

type TextureHandlers = Pick<Handlers, 'GPUDevice.createTexture' | 'GPUTexture.createView' | 'GPUTexture.destroy'>;

/** What later checks need of a texture's descriptor. */
export interface TextureTraits {
  readonly format: GPUTextureFormat;
  readonly dimension: GPUTextureDimension;
  readonly sampleCount: number;
  /** Stands for the texture where a view is expected; made when first needed. */
  defaultView: GPUTextureView | null;
}

/** The declared usage is what a view can be used for: by default an implementation would take the widened one. */
export function defaultViewOf(known: Known<GPUTexture>): GPUTextureView {
  const traits = known.texture as TextureTraits;
  traits.defaultView ??= known.native.createView({ usage: known.usage });
  return traits.defaultView;
}

export function textureHandlers(context: Context): TextureHandlers {
  return {
    'GPUDevice.createTexture'(self, result, descriptor) {
      const device = deviceOf(self);
      const { format, usage, dimension = '2d', mipLevelCount = 1, sampleCount = 1 } = descriptor;
      const { width, height = 1, depthOrArrayLayers = 1 } = descriptor.size as GPUExtent3DDict;
      const shape = { format, dimension, width, height, depthOrArrayLayers, mipLevelCount, sampleCount };
      const vramBytes = device.isLost ? 0 : textureBytes(shape, device.limits);
      let known: Known<GPUTexture>;
      if (context.videoMemory.reserve(vramBytes)) {
        const native = { ...descriptor, usage: hostTextureUsage(usage, shape) };
        known = context.create(Kind.GPUTexture, result, device, descriptor, () => device.native.createTexture(native));
        context.charge(known, { vramBytes });
      } else {
        const message = context.videoMemory.refusal(`Texture of ${width} x ${height} x ${depthOrArrayLayers} texels`, vramBytes);
        known = context.refuse(Kind.GPUTexture, result, device, descriptor, { filter: 'out-of-memory', message });
      }
      known.usage = usage;
      known.texture = { format, dimension, sampleCount, defaultView: null };
    },

    'GPUTexture.createView'(self, result, descriptor) {
      const device = deviceOf(self);
      const usage = descriptor.usage ?? 0;
      if ((usage & ~self.usage) !== 0 && self.state !== 'invalid') {
        const message = `The texture view usage (${flagNames(usage, TEXTURE_USAGE)}) is not a subset of the texture usage (${flagNames(self.usage, TEXTURE_USAGE)}).\n - While creating a view of [${describe(self)}].`;
        context.refuse(Kind.GPUTextureView, result, device, descriptor, { filter: 'validation', message });
        return;
      }
      const native = { ...descriptor, usage: usage === 0 ? self.usage : usage };
      context.create(Kind.GPUTextureView, result, device, descriptor, () => self.native.createView(native));
    },

    'GPUTexture.destroy'(self) {
      context.dropMemory(self);
    },
  };
}

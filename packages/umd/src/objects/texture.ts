import * as encode from '@gpup/wire/encode';
import type * as I from '../generated/impl.gen.ts';
import type * as T from '../generated/types.gen.ts';
import { checkFormat } from '../texture-formats.ts';
import { DeviceObject } from './host-object.ts';
import type { Device } from './device.ts';
import { TextureView } from './plain-objects.ts';

/** Bytes of an uncompressed texel at most: for the collector's sake, an estimate is enough. */
const TEXEL_BYTES_ESTIMATE = 4;

export class Texture extends DeviceObject implements I.GPUTextureImpl {
  readonly width: number;
  readonly height: number;
  readonly depthOrArrayLayers: number;
  readonly mipLevelCount: number;
  readonly sampleCount: number;
  readonly dimension: T.GPUTextureDimension;
  readonly format: T.GPUTextureFormat;
  readonly usage: number;
  readonly textureBindingViewDimension: T.GPUTextureViewDimension | undefined;

  constructor(device: Device, descriptor: T.GPUTextureDescriptor) {
    const { width, height, depthOrArrayLayers } = descriptor.size;
    super(device, descriptor.label, width * height * depthOrArrayLayers * descriptor.sampleCount * TEXEL_BYTES_ESTIMATE);
    this.width = width;
    this.height = height;
    this.depthOrArrayLayers = depthOrArrayLayers;
    this.mipLevelCount = descriptor.mipLevelCount;
    this.sampleCount = descriptor.sampleCount;
    this.dimension = descriptor.dimension;
    this.format = descriptor.format;
    this.usage = descriptor.usage;
    // Only devices of the compatibility feature level restrict the view dimension.
    this.textureBindingViewDimension = undefined;
  }

  createView(descriptor: T.GPUTextureViewDescriptor): TextureView {
    if (descriptor.format !== undefined) checkFormat(this.device, descriptor.format);
    const view = new TextureView(this.device, descriptor.label, { format: descriptor.format ?? this.format, sampleCount: this.sampleCount });
    encode.encodeGPUTextureCreateView(this.device.context.out, this.handle, view.handle, descriptor);
    this.device.context.written();
    return view;
  }

  destroy(): void {
    encode.encodeGPUTextureDestroy(this.device.context.out, this.handle);
    this.device.context.written();
    this.device.context.emptied(this.lease);
  }
}

/** What a render pass renders to, as far as what is recorded in it depends on that. */
import type * as T from './generated/types.gen.ts';
import type { TextureView } from './objects/plain-objects.ts';
import type { Texture } from './objects/texture.ts';

/** Textures without the aspect can be taken for read-only: nothing in a pass could write it. */
const hasDepth = (format: string): boolean => format.startsWith('depth');
const hasStencil = (format: string): boolean => format.includes('stencil');

/** The layout that a render bundle needs to be executed in a pass with these attachments. */
export function layoutOf(descriptor: T.GPURenderPassDescriptor): T.GPURenderBundleEncoderDescriptor {
  let sampleCount = 1;
  const colorFormats = descriptor.colorAttachments.map((attachment) => {
    if (attachment === null) return null;
    const view = attachment.view as Texture | TextureView;
    sampleCount = view.sampleCount;
    return view.format;
  });
  const attachment = descriptor.depthStencilAttachment;
  if (attachment === undefined) return { label: '', colorFormats, depthStencilFormat: undefined, sampleCount, depthReadOnly: false, stencilReadOnly: false };
  const { format, sampleCount: depthSampleCount } = attachment.view as Texture | TextureView;
  return {
    label: '',
    colorFormats,
    depthStencilFormat: format,
    sampleCount: depthSampleCount,
    depthReadOnly: attachment.depthReadOnly || !hasDepth(format),
    stencilReadOnly: attachment.stencilReadOnly || !hasStencil(format),
  };
}

export function areLayoutsEqual(a: T.GPURenderBundleEncoderDescriptor, b: T.GPURenderBundleEncoderDescriptor): boolean {
  return (
    a.depthStencilFormat === b.depthStencilFormat &&
    a.sampleCount === b.sampleCount &&
    a.depthReadOnly === b.depthReadOnly &&
    a.stencilReadOnly === b.stencilReadOnly &&
    a.colorFormats.length === b.colorFormats.length &&
    a.colorFormats.every((format, index) => format === b.colorFormats[index])
  );
}

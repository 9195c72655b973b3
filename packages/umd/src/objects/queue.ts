import type { Payload } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import { INLINE_BYTES_MAX } from '../context.ts';
import { makeException } from '../errors.ts';
import { type Band, type Conversion, type CopyableImage, bandsOf, convertPixels, convertedRowBytes, hasPlainPixels, isCopyFormat } from '../external-image.ts';
import type * as I from '../generated/impl.gen.ts';
import type * as T from '../generated/types.gen.ts';
import type { BufferSource } from '../driver-object.ts';
import { isInsideTexture, splitTextureWrite } from '../texture-write.ts';
import { HostObject } from './host-object.ts';
import type { CommandBuffer } from './command-buffer.ts';
import type { Buffer } from './buffer.ts';
import type { Device } from './device.ts';
import type { Texture } from './texture.ts';

/**
 * Longest piece of a write to a buffer. Copies of a mebibyte and more pass the processor's own cache
 * by, and what the host then reads does not come out of the other core's: twice as fast as half of it.
 */
const PIECE_BYTES = 1 << 20;
/** The first piece is short, so that the host wakes up while the next one is staged. */
const FIRST_PIECE_BYTES = 256 << 10;
/** Pieces of textures are copies of their own on the GPU, and the first one makes it clear the rest. */
const TEXTURE_PIECE_BYTES = 8 << 20;
/** The packet goes on with a write whose first packet was validated as a whole. */
const CONTINUES = 1;

const COPY_DST = 8;

export class Queue extends HostObject implements I.GPUQueueImpl {
  readonly device: Device;

  constructor(device: Device, handle: number, label: string) {
    super(device.context, label, 0, handle);
    this.device = device;
  }

  submit(commandBuffers: readonly CommandBuffer[]): void {
    const { context } = this.device;
    const handles: number[] = [];
    // A handle is 0 once its command buffer has been submitted: the host then fails the submit.
    for (const each of commandBuffers) handles.push(context.handleOf(each.lease));
    encode.encodeGPUQueueSubmit(context.out, this.handle, handles);
    for (const each of commandBuffers) context.forget(each.lease);
    // The host may sleep on until the program's task is over, unless that submits again.
    context.flush(true);
    context.submitted();
  }

  onSubmittedWorkDone(): Promise<undefined> {
    const { context } = this.device;
    return new Promise((resolve, reject) => {
      const request = context.request({
        done: () => resolve(undefined),
        error: (name, reason, message) => reject(makeException(name, reason, message)),
        lost: () => resolve(undefined),
      });
      encode.encodeGPUQueueOnSubmittedWorkDone(context.out, this.handle, request);
      context.sent(request);
    });
  }

  /** https://gpuweb.github.io/gpuweb/#dom-gpuqueue-writebuffer: offsets and sizes count elements of typed arrays. */
  writeBuffer(buffer: Buffer, bufferOffset: number, data: BufferSource, dataOffset: number, size: number | undefined): void {
    const elementBytes = elementSize(data);
    const elementCount = data.byteLength / elementBytes;
    if (dataOffset > elementCount) {
      throw operationError(`The data offset (${dataOffset}) is larger than the data (${elementCount}).`);
    }
    const count = size ?? elementCount - dataOffset;
    if (dataOffset + count > elementCount) {
      throw operationError(`The range of ${count} from ${dataOffset} is not inside the data (${elementCount}).`);
    }
    const byteLength = count * elementBytes;
    if (byteLength % 4 !== 0) throw operationError(`The number of bytes to write (${byteLength}) is not a multiple of 4.`);
    if (byteLength > INLINE_BYTES_MAX) this.#writeBuffer(buffer, bufferOffset, bytesOf(data, dataOffset * elementBytes, byteLength));
    else this.#writeInline(buffer, bufferOffset, byteLength === data.byteLength && isPayload(data) ? data : bytesOf(data, dataOffset * elementBytes, byteLength));
  }

  #writeInline(buffer: Buffer, bufferOffset: number, data: Payload): void {
    const { context } = this.device;
    encode.encodeGPUQueueWriteBuffer(context.out, this.handle, buffer, bufferOffset, 0, data);
    context.written();
  }

  #writeBuffer(buffer: Buffer, bufferOffset: number, bytes: Uint8Array): void {
    const { context } = this.device;
    if (bytes.byteLength > FIRST_PIECE_BYTES && !this.#isPlausible(buffer, bufferOffset, bytes.byteLength)) {
      // The whole write fails: one packet without data is enough for the host to say so.
      this.device.injectError('validation', `A write of ${bytes.byteLength} bytes at ${bufferOffset} is not valid for the buffer of ${buffer.size} bytes with usage ${buffer.usage}.`);
      return;
    }
    let at = 0;
    do {
      const piece = bytes.subarray(at, at + (at === 0 ? FIRST_PIECE_BYTES : PIECE_BYTES));
      context.stage(piece);
      encode.encodeGPUQueueWriteBuffer(context.out, this.handle, buffer, bufferOffset + at, at === 0 ? 0 : CONTINUES, piece);
      context.written();
      at += piece.byteLength;
    } while (at < bytes.byteLength);
  }

  /** What the host would check of the whole write, as it sees only pieces. */
  #isPlausible(buffer: Buffer, offset: number, byteLength: number): boolean {
    return (buffer.usage & COPY_DST) !== 0 && offset % 4 === 0 && offset + byteLength <= buffer.size;
  }

  writeTexture(destination: T.GPUTexelCopyTextureInfo, data: BufferSource, layout: T.GPUTexelCopyBufferLayout, size: T.GPUExtent3DDict): void {
    const { context } = this.device;
    const bytes = bytesOf(data, 0, data.byteLength);
    const texture = destination.texture as Texture;
    const pieces = splitTextureWrite({ texture, destination, bytes, layout, size }, TEXTURE_PIECE_BYTES);
    if (pieces.length > 1 && !isInsideTexture(texture, destination, size)) {
      this.device.injectError('validation', `A write of ${size.width}x${size.height}x${size.depthOrArrayLayers} texels is not valid for mip level ${destination.mipLevel} of the texture of ${texture.width}x${texture.height}x${texture.depthOrArrayLayers} texels with usage ${texture.usage}.`);
      return;
    }
    for (const piece of pieces) {
      context.stage(piece.bytes);
      encode.encodeGPUQueueWriteTexture(
        context.out,
        this.handle,
        texture,
        destination.mipLevel,
        piece.origin,
        destination.aspect,
        piece.layout,
        piece.size,
        piece.isFirst ? 0 : CONTINUES,
        piece.bytes,
      );
      context.written();
    }
  }

  /** https://gpuweb.github.io/gpuweb/#dom-gpuqueue-copyexternalimagetotexture */
  copyExternalImageToTexture(source: T.GPUCopyExternalImageSourceInfo, destination: T.GPUCopyExternalImageDestInfo, copySize: T.GPUExtent3DDict): void {
    const image = source.source as CopyableImage;
    const texture = destination.texture as Texture;
    const { width, height, depthOrArrayLayers } = copySize;
    if (source.origin.x + width > image.width || source.origin.y + height > image.height) {
      throw operationError(
        `The copied range of ${width}x${height} at (${source.origin.x}, ${source.origin.y}) is not inside the image of ${image.width}x${image.height}.`,
      );
    }
    if (depthOrArrayLayers > 1) throw operationError(`The copied depth (${depthOrArrayLayers}) is larger than 1.`);
    if (texture.dimension !== '2d' || texture.sampleCount !== 1 || !isCopyFormat(texture.format)) {
      this.device.injectError('validation', `A texture of format ${texture.format}, dimension ${texture.dimension} and sample count ${texture.sampleCount} cannot be the destination of copyExternalImageToTexture.`);
      return;
    }
    const conversion: Conversion = { source, destination, width, height, format: texture.format };
    const bands = bandsOf(conversion, TEXTURE_PIECE_BYTES);
    if (bands.length > 1 && !isInsideTexture(texture, destination, copySize)) {
      this.device.injectError('validation', `A copy of ${width}x${height} texels is not valid for mip level ${destination.mipLevel} of the texture of ${texture.width}x${texture.height}x${texture.depthOrArrayLayers} texels with usage ${texture.usage}.`);
      return;
    }
    for (const band of bands) this.#copyBand(image, conversion, band);
  }

  /** The first band is validated as a copy of an image; the others go on with it as a write does. */
  #copyBand(image: CopyableImage, conversion: Conversion, band: Band): void {
    const { context } = this.device;
    const bytesPerRow = convertedRowBytes(conversion);
    const byteLength = bytesPerRow * band.rowCount;
    const isPlain = hasPlainPixels(image);
    const bytes = isPlain ? context.stageRoom(byteLength) : new Uint8Array(byteLength);
    convertPixels(bytes, { image, conversion, band });
    if (!isPlain) context.stage(bytes);
    const { mipLevel, aspect, origin } = conversion.destination;
    const texture = conversion.destination.texture as Texture;
    const size = { width: conversion.width, height: band.rowCount, depthOrArrayLayers: 1 };
    if (band.top === 0) {
      encode.encodeGPUQueueCopyExternalImageToTexture(context.out, this.handle, texture, mipLevel, origin, aspect, size, bytesPerRow, bytes);
    } else {
      const layout = { offset: 0, bytesPerRow, rowsPerImage: band.rowCount };
      encode.encodeGPUQueueWriteTexture(context.out, this.handle, texture, mipLevel, { ...origin, y: origin.y + band.top }, aspect, layout, size, CONTINUES, bytes);
    }
    context.written();
  }
}

function operationError(message: string): DOMException {
  return new DOMException(message, 'OperationError');
}

/** DataView and raw buffers count bytes. */
function elementSize(data: BufferSource): number {
  return (data as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1;
}

/** What can be copied as it is: a view of its bytes would be an object a write. */
function isPayload(data: BufferSource): data is Payload & BufferSource {
  return data instanceof Uint8Array || data instanceof Float32Array || data instanceof Uint32Array;
}

function bytesOf(data: BufferSource, offset: number, byteLength: number): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset + offset, byteLength);
  return new Uint8Array(data, offset, byteLength);
}

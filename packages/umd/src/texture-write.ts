/**
 * Cuts a long texture write into pieces of whole images or, where those are too long, of whole block
 * rows. A write that is short, or that the host will refuse anyway, stays whole.
 */
import { formatBlock } from './format-blocks.ts';
import type * as T from './generated/types.gen.ts';

const COPY_DST = 2;

export interface TextureWrite {
  readonly texture: { readonly format: T.GPUTextureFormat };
  readonly destination: T.GPUTexelCopyTextureInfo;
  readonly bytes: Uint8Array;
  readonly layout: T.GPUTexelCopyBufferLayout;
  readonly size: T.GPUExtent3DDict;
}

export interface TextureWritePiece {
  readonly bytes: Uint8Array;
  readonly origin: T.GPUOrigin3DDict;
  readonly layout: T.GPUTexelCopyBufferLayout;
  readonly size: T.GPUExtent3DDict;
  readonly isFirst: boolean;
}

/** Bytes that no texel comes from are not sent: programs pass views of large heaps. */
export function splitTextureWrite(write: TextureWrite, pieceBytes: number): TextureWritePiece[] {
  const { bytes, layout, size, destination } = write;
  const whole: TextureWritePiece = { bytes, origin: destination.origin, layout, size, isFirst: true };
  if (bytes.byteLength <= pieceBytes) return [whole];
  const g = geometryOf(write);
  // The host refuses it, with or without the data.
  if (g === null || layout.offset + g.neededBytes > bytes.byteLength) return [{ ...whole, bytes: NO_BYTES }];
  if (size.width === 0 || size.height === 0 || size.depthOrArrayLayers === 0) {
    return [{ ...whole, bytes: NO_BYTES, layout: { offset: 0, bytesPerRow: 0, rowsPerImage: g.rowCount } }];
  }
  if (g.neededBytes <= pieceBytes) {
    return [{ ...whole, bytes: bytes.subarray(layout.offset, layout.offset + g.neededBytes), layout: { ...layout, offset: 0 } }];
  }
  return g.imageBytes <= pieceBytes ? imagePieces(write, g, pieceBytes) : rowPieces(write, g, pieceBytes);
}

const NO_BYTES = new Uint8Array(0);

/** Whether the host would accept the write's destination: it sees only pieces, so the whole is checked here. */
export function isInsideTexture(
  texture: T.GPUExtent3DDict & { readonly mipLevelCount: number; readonly dimension: string; readonly usage: number; readonly format: T.GPUTextureFormat },
  destination: T.GPUTexelCopyTextureInfo,
  size: T.GPUExtent3DDict,
): boolean {
  const block = formatBlock(texture.format, destination.aspect);
  if (block === null || (texture.usage & COPY_DST) === 0 || destination.mipLevel >= texture.mipLevelCount) return false;
  const { x, y, z } = destination.origin;
  const physical = (length: number, blockLength: number): number =>
    Math.ceil(Math.max(1, Math.floor(length / 2 ** destination.mipLevel)) / blockLength) * blockLength;
  const depth = texture.dimension === '3d' ? physical(texture.depthOrArrayLayers, 1) : texture.depthOrArrayLayers;
  return (
    x % block.width === 0 &&
    y % block.height === 0 &&
    size.width % block.width === 0 &&
    size.height % block.height === 0 &&
    x + size.width <= physical(texture.width, block.width) &&
    y + size.height <= physical(texture.height, block.height) &&
    z + size.depthOrArrayLayers <= depth
  );
}

interface Geometry {
  readonly blockHeight: number;
  readonly rowCount: number;
  readonly rowBytes: number;
  readonly bytesPerRow: number;
  readonly rowsPerImage: number;
  /** From the first byte of an image to its last; the next one begins `bytesPerRow * rowsPerImage` bytes after it did. */
  readonly imageBytes: number;
  /** From the first byte of the first image to the last byte of the last. */
  readonly neededBytes: number;
}

/** https://gpuweb.github.io/gpuweb/#abstract-opdef-validating-linear-texture-data; null where that fails. */
function geometryOf({ texture, destination, layout, size }: TextureWrite): Geometry | null {
  const block = formatBlock(texture.format, destination.aspect);
  if (block === null) return null;
  const rowCount = Math.ceil(size.height / block.height);
  const rowBytes = Math.ceil(size.width / block.width) * block.bytes;
  const bytesPerRow = layout.bytesPerRow ?? rowBytes;
  const rowsPerImage = layout.rowsPerImage ?? rowCount;
  const imageCount = size.depthOrArrayLayers;
  if (bytesPerRow < rowBytes || rowsPerImage < rowCount) return null;
  if (imageCount > 1 && (layout.bytesPerRow === undefined || layout.rowsPerImage === undefined)) return null;
  if (rowCount > 1 && layout.bytesPerRow === undefined) return null;
  const imageBytes = rowCount === 0 ? 0 : bytesPerRow * (rowCount - 1) + rowBytes;
  const neededBytes = imageCount === 0 ? 0 : bytesPerRow * rowsPerImage * (imageCount - 1) + imageBytes;
  return { blockHeight: block.height, rowCount, rowBytes, bytesPerRow, rowsPerImage, imageBytes, neededBytes };
}

function imagePieces(write: TextureWrite, g: Geometry, pieceBytes: number): TextureWritePiece[] {
  const { bytes, layout, size } = write;
  const { x, y, z } = write.destination.origin;
  const strideBytes = g.bytesPerRow * g.rowsPerImage;
  const imagesAtOnce = 1 + Math.floor((pieceBytes - g.imageBytes) / strideBytes);
  const pieces: TextureWritePiece[] = [];
  for (let image = 0; image < size.depthOrArrayLayers; image += imagesAtOnce) {
    const images = Math.min(imagesAtOnce, size.depthOrArrayLayers - image);
    const begin = layout.offset + strideBytes * image;
    pieces.push({
      bytes: bytes.subarray(begin, begin + strideBytes * (images - 1) + g.imageBytes),
      origin: { x, y, z: z + image },
      layout: { offset: 0, bytesPerRow: g.bytesPerRow, rowsPerImage: g.rowsPerImage },
      size: { ...size, depthOrArrayLayers: images },
      isFirst: image === 0,
    });
  }
  return pieces;
}

function rowPieces(write: TextureWrite, g: Geometry, pieceBytes: number): TextureWritePiece[] {
  const { bytes, layout, size } = write;
  const { x, y, z } = write.destination.origin;
  const rowsAtOnce = 1 + Math.max(0, Math.floor((pieceBytes - g.rowBytes) / g.bytesPerRow));
  const pieces: TextureWritePiece[] = [];
  for (let image = 0; image < size.depthOrArrayLayers; image++) {
    for (let row = 0; row < g.rowCount; row += rowsAtOnce) {
      const rows = Math.min(rowsAtOnce, g.rowCount - row);
      const begin = layout.offset + g.bytesPerRow * (image * g.rowsPerImage + row);
      const top = row * g.blockHeight;
      pieces.push({
        bytes: bytes.subarray(begin, begin + g.bytesPerRow * (rows - 1) + g.rowBytes),
        origin: { x, y: y + top, z: z + image },
        layout: { offset: 0, bytesPerRow: g.bytesPerRow, rowsPerImage: rows },
        size: { width: size.width, height: Math.min(rows * g.blockHeight, size.height - top), depthOrArrayLayers: 1 },
        isFirst: pieces.length === 0,
      });
    }
  }
  return pieces;
}

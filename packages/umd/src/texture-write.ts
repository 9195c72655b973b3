/**
 * Cuts a long texture write into pieces of whole block rows or whole images. A write that is short,
 * or that the host will refuse anyway, stays whole.
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

export function splitTextureWrite(write: TextureWrite, pieceBytes: number): TextureWritePiece[] {
  const { bytes, layout, size, destination } = write;
  const whole: TextureWritePiece = { bytes, origin: destination.origin, layout, size, isFirst: true };
  if (bytes.byteLength <= pieceBytes) return [whole];
  return rowPieces(write, pieceBytes) ?? [trimmed(whole, write)];
}

/** Bytes behind the last texel are not sent: programs pass views of large heaps. */
function trimmed(piece: TextureWritePiece, write: TextureWrite): TextureWritePiece {
  const needed = neededBytes(write);
  return needed === null || needed >= piece.bytes.byteLength ? piece : { ...piece, bytes: piece.bytes.subarray(0, needed) };
}

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
  readonly imageCount: number;
}

function geometryOf({ texture, destination, layout, size }: TextureWrite): Geometry | null {
  const block = formatBlock(texture.format, destination.aspect);
  if (block === null || size.width === 0 || size.height === 0 || size.depthOrArrayLayers === 0) return null;
  const rowCount = Math.ceil(size.height / block.height);
  const rowBytes = Math.ceil(size.width / block.width) * block.bytes;
  const bytesPerRow = layout.bytesPerRow ?? rowBytes;
  const rowsPerImage = layout.rowsPerImage ?? rowCount;
  if (bytesPerRow < rowBytes || rowsPerImage < rowCount) return null;
  if (size.depthOrArrayLayers > 1 && (layout.bytesPerRow === undefined || layout.rowsPerImage === undefined)) return null;
  if (rowCount > 1 && layout.bytesPerRow === undefined) return null;
  return { blockHeight: block.height, rowCount, rowBytes, bytesPerRow, rowsPerImage, imageCount: size.depthOrArrayLayers };
}

function neededBytes(write: TextureWrite): number | null {
  const g = geometryOf(write);
  if (g === null) return null;
  return write.layout.offset + g.bytesPerRow * (g.rowsPerImage * (g.imageCount - 1) + g.rowCount - 1) + g.rowBytes;
}

function rowPieces(write: TextureWrite, pieceBytes: number): TextureWritePiece[] | null {
  const g = geometryOf(write);
  const needed = neededBytes(write);
  if (g === null || needed === null || needed > write.bytes.byteLength) return null;
  if (needed - write.layout.offset <= pieceBytes) return null;
  const rowsAtOnce = Math.max(1, Math.floor(pieceBytes / g.bytesPerRow));
  const pieces: TextureWritePiece[] = [];
  for (let image = 0; image < g.imageCount; image++) {
    for (let row = 0; row < g.rowCount; row += rowsAtOnce) {
      const rows = Math.min(rowsAtOnce, g.rowCount - row);
      const begin = write.layout.offset + g.bytesPerRow * (image * g.rowsPerImage + row);
      const { x, y, z } = write.destination.origin;
      const top = row * g.blockHeight;
      pieces.push({
        bytes: write.bytes.subarray(begin, begin + g.bytesPerRow * (rows - 1) + g.rowBytes),
        origin: { x, y: y + top, z: z + image },
        layout: { offset: 0, bytesPerRow: g.bytesPerRow, rowsPerImage: rows },
        size: { width: write.size.width, height: Math.min(rows * g.blockHeight, write.size.height - top), depthOrArrayLayers: 1 },
        isFirst: pieces.length === 0,
      });
    }
  }
  return pieces;
}

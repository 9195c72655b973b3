import { createHash } from 'node:crypto';
import { BUFFER_USAGE, MAP_MODE } from '../backend.ts';
import type { Context } from '../context.ts';
import { Kind } from '../generated/kinds.gen.ts';
import type { Known } from '../object-table.ts';

export interface BufferHash {
  readonly handle: number;
  readonly label: string;
  readonly bytes: number;
  /** Null: the contents cannot be read now, as they are mapped or the buffer is not valid. */
  readonly sha256: string | null;
}

/** What every buffer of a context holds. For looking at a context that nobody uses any more: it maps and copies. */
export async function hashBuffers(context: Context): Promise<readonly BufferHash[]> {
  const hashes: BufferHash[] = [];
  for (const known of [...context.table.all()]) {
    if (known.kind !== Kind.GPUBuffer) continue;
    const { handle, label, sizeBytes: bytes } = known;
    const contents = await contentsOf(known as Known<GPUBuffer>).catch(() => null);
    hashes.push({ handle, label, bytes, sha256: contents === null ? null : createHash('sha256').update(contents).digest('hex') });
  }
  return hashes;
}

async function contentsOf(known: Known<GPUBuffer>): Promise<Uint8Array | null> {
  const { native, device, state, sizeBytes } = known;
  if (state !== 'valid' || device === null || device.isLost || native.mapState !== 'unmapped') return null;
  if (sizeBytes === 0) return new Uint8Array(0);
  if ((native.usage & BUFFER_USAGE.COPY_SRC) !== 0) return copied(device.native, native, sizeBytes);
  return (native.usage & BUFFER_USAGE.MAP_READ) === 0 ? null : mapped(native);
}

async function copied(device: GPUDevice, source: GPUBuffer, sizeBytes: number): Promise<Uint8Array> {
  // Copies are whole words; what is behind the last whole one stays zero.
  const copyBytes = Math.floor(sizeBytes / 4) * 4;
  const staging = device.createBuffer({ size: Math.max(4, copyBytes), usage: BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST });
  try {
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, staging, 0, copyBytes);
    device.queue.submit([encoder.finish()]);
    return await mapped(staging);
  } finally {
    staging.destroy();
  }
}

async function mapped(buffer: GPUBuffer): Promise<Uint8Array> {
  await buffer.mapAsync(MAP_MODE.READ);
  const bytes = new Uint8Array(buffer.getMappedRange()).slice();
  buffer.unmap();
  return bytes;
}

/**
 * Reads the regular files out of a tar archive that is in memory. The one archive we read is small,
 * flat and comes with a pinned package, so 30 lines do, and a library with its streams would be
 * more to check than this. Links, folders and extended headers are skipped.
 */
export function* tarFiles(archive: Buffer): Generator<{ readonly name: string; readonly bytes: Buffer }> {
  for (let offset = 0; offset + BLOCK_BYTES <= archive.length; ) {
    const header = archive.subarray(offset, offset + BLOCK_BYTES);
    if (header.every((byte) => byte === 0)) return;
    const sizeBytes = Number.parseInt(text(header, 124, 12), 8);
    const begin = offset + BLOCK_BYTES;
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0 || begin + sizeBytes > archive.length) {
      throw new Error(`The tar archive is damaged: the entry at byte ${offset} claims ${sizeBytes} bytes of ${archive.length - begin}.`);
    }
    const type = text(header, 156, 1);
    if (type === '0' || type === '') yield { name: text(header, 0, 100), bytes: archive.subarray(begin, begin + sizeBytes) };
    offset = begin + Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
  }
}

/** Headers and contents are padded to this. */
const BLOCK_BYTES = 512;

/** A field ends at its first NUL; numbers may be padded with spaces. */
function text(header: Buffer, begin: number, byteLength: number): string {
  const field = header.toString('latin1', begin, begin + byteLength);
  return field.replace(/\0.*$/s, '').trim();
}

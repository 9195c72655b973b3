import { assert } from '@gpup/base';
import { lastError, libc } from './libc.ts';

// From <asm-generic/mman-common.h>; equal on x64 and arm64.
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 0x01;
const MAP_PRIVATE = 0x02;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_NORESERVE = 0x4000;

/** A file's pages, shared with whoever maps them too. */
export interface Mapping {
  readonly sizeBytes: number;
  /** All of it. Atomics work on it, Atomics.wait does not. */
  readonly buffer: ArrayBuffer;
  /** A separate ArrayBuffer over a part, for callers that must detach it alone. */
  view(offset: number, sizeBytes: number): ArrayBuffer;
  /**
   * Lets go of the shared pages: they are replaced by private zeros, so that a view that is still
   * held somewhere reads zeros instead of ending the process. The address range itself stays taken.
   */
  release(): void;
}

/** Maps a whole file for reading and writing. The descriptor may be closed afterwards. */
export function mapShared(fd: number, sizeBytes: number): Mapping {
  assert(Number.isSafeInteger(sizeBytes) && sizeBytes > 0);
  const { koffi } = libc();
  const address = mapPages(0n, sizeBytes, MAP_SHARED, fd);
  const buffer = koffi.view(address, sizeBytes);
  let released = false;
  return {
    sizeBytes,
    buffer,
    view(offset, byteLength) {
      assert(!released && offset >= 0 && byteLength > 0 && offset + byteLength <= sizeBytes);
      return koffi.view(address + BigInt(offset), byteLength);
    },
    release() {
      if (released) return;
      released = true;
      mapPages(address, sizeBytes, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    },
  };
}

function mapPages(address: bigint, sizeBytes: number, flags: number, fd: number): bigint {
  // koffi gives addresses below 2^53 as numbers.
  const mapped = BigInt.asIntN(64, BigInt(libc().mmap(address, sizeBytes, PROT_READ | PROT_WRITE, flags, fd, 0)));
  if (mapped === -1n) throw lastError('mmap', `${sizeBytes} bytes`);
  return mapped;
}

import { libc } from './libc.ts';

// From <malloc.h>.
const M_TRIM_THRESHOLD = -1;
const M_MMAP_THRESHOLD = -3;

/**
 * From now on a block of `thresholdBytes` or more gets pages of its own, which go back to the system when it
 * is freed. By itself glibc raises that threshold to the size of each large block that is freed, up to
 * 32 MiB: then large blocks come and go inside of its heap, and what is between them stays resident.
 *
 * Returns false where the C library has no such choice.
 */
export function returnLargeBlocks(thresholdBytes: number): boolean {
  let mallopt: (parameter: number, value: number) => number;
  try {
    mallopt = libc().koffi.load(null).func('int mallopt(int parameter, int value)') as typeof mallopt;
  } catch {
    // musl.
    return false;
  }
  // Where the threshold is fixed, the other one no longer follows it: twice, as glibc has it.
  return mallopt(M_MMAP_THRESHOLD, thresholdBytes) === 1 && mallopt(M_TRIM_THRESHOLD, 2 * thresholdBytes) === 1;
}

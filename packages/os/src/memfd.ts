import { assert } from '@gpup/base';
import { closeDescriptor } from './descriptor.ts';
import { checked, libc } from './libc.ts';

// From <linux/memfd.h> and <linux/fcntl.h>.
const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;
const F_SEAL_SEAL = 1;
const F_SEAL_SHRINK = 2;
const F_SEAL_GROW = 4;
// From <linux/falloc.h>.
const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;

/**
 * Makes anonymous shared memory whose size no holder can change any more. Without the seals any
 * holder could shrink the file and kill whoever reads its mapping with SIGBUS.
 *
 * The name shows in /proc only. The caller owns the descriptor.
 */
export function createSealedMemfd(name: string, sizeBytes: number): number {
  assert(Number.isSafeInteger(sizeBytes) && sizeBytes > 0);
  const { memfd_create, ftruncate, fcntl } = libc();
  const fd = checked(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), 'memfd_create');
  try {
    checked(ftruncate(fd, sizeBytes), 'ftruncate', `${sizeBytes} bytes`);
    checked(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 'fcntl', 'F_ADD_SEALS');
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
  return fd;
}

export interface Seals {
  readonly shrink: boolean;
  readonly grow: boolean;
  readonly seal: boolean;
}

/** Which seals a memfd has. Fails with EINVAL on a file that cannot be sealed. */
export function sealsOf(fd: number): Seals {
  const seals = checked(libc().fcntl(fd, F_GET_SEALS, 0), 'fcntl', 'F_GET_SEALS');
  return { shrink: (seals & F_SEAL_SHRINK) !== 0, grow: (seals & F_SEAL_GROW) !== 0, seal: (seals & F_SEAL_SEAL) !== 0 };
}

/** Fails with EPERM on a sealed memfd. */
export function resizeFile(fd: number, sizeBytes: number): void {
  checked(libc().ftruncate(fd, sizeBytes), 'ftruncate', `${sizeBytes} bytes`);
}

/** Gives pages back to the system; they read as zeros afterwards, in every mapping. Seals do not forbid it. */
export function punchHole(fd: number, offset: number, sizeBytes: number): void {
  checked(libc().fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, sizeBytes), 'fallocate', 'PUNCH_HOLE');
}

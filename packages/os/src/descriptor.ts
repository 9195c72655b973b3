import { checked, libc } from './libc.ts';

/** Closes a descriptor that no Node object owns. */
export function closeDescriptor(fd: number): void {
  checked(libc().close(fd), 'close', `descriptor ${fd}`);
}

import { checked, libc } from './libc.ts';

// From <linux/fcntl.h>.
const F_DUPFD_CLOEXEC = 1030;
const STANDARD_DESCRIPTORS = 3;

/** Closes a descriptor that no Node object owns. */
export function closeDescriptor(fd: number): void {
  checked(libc().close(fd), 'close', `descriptor ${fd}`);
}

/** Another descriptor of the same open file. */
export function duplicateDescriptor(fd: number): number {
  return checked(libc().fcntl(fd, F_DUPFD_CLOEXEC, STANDARD_DESCRIPTORS), 'fcntl', 'F_DUPFD_CLOEXEC');
}

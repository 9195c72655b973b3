import { checked, libc } from './libc.ts';

/**
 * Closes a descriptor that no Node object owns. Note that a worker that is terminated closes only
 * what Node's own objects (a net.Socket, say) own: a bare number leaks into the process.
 */
export function closeDescriptor(fd: number): void {
  checked(libc().close(fd), 'close', `descriptor ${fd}`);
}

const F_DUPFD_CLOEXEC = 1030;

/** Another descriptor of the same open file, the caller's. */
export function duplicateDescriptor(fd: number): number {
  return checked(libc().fcntl(fd, F_DUPFD_CLOEXEC, 0), 'fcntl', 'F_DUPFD_CLOEXEC');
}

const F_GETFL = 3;
const F_SETFL = 4;
const O_NONBLOCK = 0x800;

/** For every holder of the open file: whether its reads and writes wait. */
export function setBlocking(fd: number, isBlocking: boolean): void {
  const flags = checked(libc().fcntl(fd, F_GETFL, 0), 'fcntl', 'F_GETFL');
  checked(libc().fcntl(fd, F_SETFL, isBlocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK), 'fcntl', 'F_SETFL');
}

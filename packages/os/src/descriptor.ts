import { checked, libc } from './libc.ts';

/**
 * Closes a descriptor that no Node object owns. Note that a worker that is terminated closes only
 * what Node's own objects (a net.Socket, say) own: a bare number leaks into the process.
 */
export function closeDescriptor(fd: number): void {
  checked(libc().close(fd), 'close', `descriptor ${fd}`);
}

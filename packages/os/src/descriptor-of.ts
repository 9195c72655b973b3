import type { Socket } from 'node:net';

/**
 * The descriptor of a socket, which stays the socket's; null once it is closed. Node has no documented way
 * to ask for it. Its own way to hand a connection to a running process, `child.send`, comes with a channel
 * on which that process could send back lines without any limit.
 */
export function descriptorOf(socket: Socket): number | null {
  const fd = (socket as unknown as { readonly _handle?: { readonly fd?: unknown } | null })._handle?.fd;
  return typeof fd === 'number' && fd >= 0 ? fd : null;
}

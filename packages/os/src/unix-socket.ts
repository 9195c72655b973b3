import { assert } from '@gpup/base';
import { closeDescriptor } from './descriptor.ts';
import { checked, lastError, libc } from './libc.ts';
import type { SystemCallError } from './system-call-error.ts';

// From <bits/socket.h> and <poll.h>; equal on x64 and arm64.
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_PEERCRED = 17;
const SO_OOBINLINE = 10;
const SO_DOMAIN = 39;
const SO_PASSRIGHTS = 83;
const SHUT_RDWR = 2;
const MSG_PEEK = 0x02;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const POLLIN = 1;
const POLLOUT = 4;
/** sun_path, its terminating zero included. */
const SOCKET_PATH_BYTES_MAX = 108;

/** Two connected stream sockets, both blocking. The caller owns both. */
export function createSocketPair(): readonly [number, number] {
  const fds = new Int32Array(2);
  checked(libc().socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 'socketpair');
  return [fds[0] as number, fds[1] as number];
}

/** Connects to a listening Unix socket, blocking. Fails with ENOENT or ECONNREFUSED where nobody listens. */
export function connectUnixSocket(path: string): number {
  return connectSocket(path, 0);
}

/**
 * The same for a listener that is not trusted to accept: fails with EAGAIN where as many connections wait as it
 * has room for. The descriptor does not block either.
 */
export function connectUnixSocketNow(path: string): number {
  return connectSocket(path, SOCK_NONBLOCK);
}

function connectSocket(path: string, flags: number): number {
  const { address, addressBytes } = addressOfPath(path);
  const { socket, connect } = libc();
  const fd = checked(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), 'socket');
  for (;;) {
    if (connect(fd, address, addressBytes) === 0) return fd;
    const error = lastError('connect', path);
    // A signal that arrives early leaves a Unix socket unconnected: trying again is right.
    if (error.code === 'EINTR') continue;
    closeDescriptor(fd);
    throw error;
  }
}

/**
 * A socket with a name at which nobody listens yet: whoever connects is refused. The file is its user's alone. Fails
 * with EADDRINUSE where there is a file of that name.
 */
export function bindUnixSocket(path: string): number {
  const { address, addressBytes } = addressOfPath(path);
  const { socket, bind } = libc();
  const fd = checked(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), 'socket');
  const umask = process.umask(0o177);
  const result = bind(fd, address, addressBytes);
  const error = result === 0 ? null : lastError('bind', path);
  process.umask(umask);
  if (error === null) return fd;
  closeDescriptor(fd);
  throw error;
}

function addressOfPath(path: string): { readonly address: Uint8Array; readonly addressBytes: number } {
  const pathBytes = new TextEncoder().encode(path);
  if (pathBytes.length >= SOCKET_PATH_BYTES_MAX) {
    throw new RangeError(`Socket path (${path}) is ${pathBytes.length} bytes long, the limit is ${SOCKET_PATH_BYTES_MAX - 1}.`);
  }
  const address = new Uint8Array(2 + SOCKET_PATH_BYTES_MAX);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(pathBytes, 2);
  return { address, addressBytes: 2 + pathBytes.length + 1 };
}

export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Who connected, as the kernel noted it at that time. */
export function peerCredentials(fd: number): PeerCredentials {
  const ucred = new Uint8Array(12);
  checked(libc().getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ucred, new Uint32Array([ucred.length])), 'getsockopt', 'SO_PEERCRED');
  const fields = new DataView(ucred.buffer);
  return { pid: fields.getInt32(0, true), uid: fields.getUint32(4, true), gid: fields.getUint32(8, true) };
}

/** What a descriptor that somebody else has sent may or may not be. */
export function isUnixStreamSocket(fd: number): boolean {
  return socketOption(fd, SO_DOMAIN) === AF_UNIX && socketOption(fd, SO_TYPE) === SOCK_STREAM;
}

/** Null: it is no socket, or no more than the name of one (O_PATH). */
function socketOption(fd: number, name: number): number | null {
  const value = new Uint8Array(4);
  if (libc().getsockopt(fd, SOL_SOCKET, name, value, new Uint32Array([value.length])) === 0) return new DataView(value.buffer).getInt32(0, true);
  const error = lastError('getsockopt', `option ${name}`);
  if (error.code === 'ENOTSOCK' || error.code === 'EBADF') return null;
  throw error;
}

/**
 * Waits with poll(2) until something can be done with a descriptor; -1 ms waits for ever. Returns
 * false when the time is over. An end or an error of the peer counts as readable and writable.
 */
export function waitForDescriptor(fd: number, wanted: 'readable' | 'writable', timeoutMs: number): boolean {
  const entry = new Uint8Array(8);
  const fields = new DataView(entry.buffer);
  fields.setInt32(0, fd, true);
  fields.setInt16(4, wanted === 'readable' ? POLLIN : POLLOUT, true);
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const leftMs = timeoutMs < 0 ? -1 : Math.max(0, Math.ceil(deadlineMs - performance.now()));
    const ready = libc().poll(entry, 1, leftMs);
    if (ready >= 0) return ready > 0;
    const error = lastError('poll');
    if (error.code !== 'EINTR') throw error;
  }
}

/** Sends what fits without waiting: the count of bytes taken, 0 if the socket is full, 'gone' if nobody reads any more. */
export function sendNow(fd: number, bytes: Uint8Array): number | 'gone' {
  assert(bytes.length > 0);
  const sent = libc().send(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0) return sent;
  const error = lastError('send');
  if (error.code === 'EAGAIN' || error.code === 'ENOBUFS' || error.code === 'EINTR') return 0;
  if (isGone(error)) return 'gone';
  throw error;
}

const oneByte = new Uint8Array(1);

/** Sends one byte without waiting. 'full' means that the peer has many unread already. */
export function sendByteNow(fd: number, byte = 1): 'sent' | 'full' | 'gone' {
  oneByte[0] = byte;
  const sent = sendNow(fd, oneByte);
  return sent === 'gone' ? 'gone' : sent === 1 ? 'sent' : 'full';
}

/** Reads what is there without waiting: the count of bytes, 0 if there are none yet, 'gone' at the end of the stream. */
export function receiveNow(fd: number, into: Uint8Array): number | 'gone' {
  return receive(fd, into, MSG_DONTWAIT);
}

/** As `receiveNow`, leaving the bytes where they are. */
export function peekNow(fd: number, into: Uint8Array): number | 'gone' {
  return receive(fd, into, MSG_DONTWAIT | MSG_PEEK);
}

function receive(fd: number, into: Uint8Array, flags: number): number | 'gone' {
  assert(into.length > 0);
  const received = libc().recv(fd, into, into.length, flags);
  if (received > 0) return received;
  if (received === 0) return 'gone';
  const error = lastError('recv');
  if (error.code === 'EAGAIN' || error.code === 'EINTR') return 0;
  if (isGone(error)) return 'gone';
  throw error;
}

function isGone(error: SystemCallError): boolean {
  return error.code === 'EPIPE' || error.code === 'ECONNRESET' || error.code === 'ENOTCONN';
}

const scratch = new Uint8Array(4096);

/** Whether the peer still holds its end. Bytes that wait unread hide an end behind them: see `drainNow`. */
export function isPeerAlive(fd: number): boolean {
  return peekNow(fd, scratch.subarray(0, 1)) !== 'gone';
}

/** Throws away the bytes that have arrived, `byteCountMax` at most, and says whether the peer is still there. */
export function drainNow(fd: number, byteCountMax = 1 << 20): boolean {
  for (let left = byteCountMax; left > 0; ) {
    const received = receiveNow(fd, scratch);
    if (received === 'gone') return false;
    if (received === 0) return true;
    left -= received;
  }
  return true;
}

/**
 * For a connection to somebody who is not trusted. Urgent bytes take their place among the others: elsewhere they make a
 * socket readable that has nothing to read. And no descriptors come along: whoever reads a message closes those that nobody
 * takes, and closing one can take as long as its sender likes. The result tells whether the kernel can refuse them (Linux
 * 6.16 on).
 */
export function guardConnection(fd: number): { readonly refusesDescriptors: boolean } {
  const set = (name: number, value: number): boolean => libc().setsockopt(fd, SOL_SOCKET, name, Uint8Array.of(value, 0, 0, 0), 4) === 0;
  set(SO_OOBINLINE, 1);
  return { refusesDescriptors: set(SO_PASSRIGHTS, 0) };
}

/** Ends both directions for every holder of the socket; the peer sees the end of the stream. */
export function shutdownSocket(fd: number): void {
  if (libc().shutdown(fd, SHUT_RDWR) === 0) return;
  const error = lastError('shutdown');
  if (error.code !== 'ENOTCONN') throw error;
}

import { assert } from '@gpup/base';
import { closeDescriptor } from './descriptor.ts';
import { lastError, libc } from './libc.ts';
import { waitForDescriptor } from './unix-socket.ts';

// From <bits/socket.h>; equal on x64 and arm64.
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_CTRUNC = 0x08;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;

// struct msghdr: name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, flags 48; 56 bytes.
const MSGHDR_BYTES = 56;
const MSG_IOV = 16;
const MSG_IOV_COUNT = 24;
const MSG_CONTROL = 32;
const MSG_CONTROL_BYTES = 40;
const MSG_FLAGS = 48;
// struct iovec: base 0, length 8.
const IOVEC_BYTES = 16;
// struct cmsghdr: length 0 (itself included), level 8, type 12; data from 16, padded to 8.
const CMSGHDR_BYTES = 16;
const DESCRIPTOR_BYTES = 4;
/** SCM_MAX_FD of the kernel: no message carries more. */
const DESCRIPTORS_PER_MESSAGE_MAX = 253;
const CONTROL_BYTES = CMSGHDR_BYTES + align8(DESCRIPTORS_PER_MESSAGE_MAX * DESCRIPTOR_BYTES);

/** A msghdr with one iovec and a control buffer, in memory of our own that stays where it is. */
interface Message {
  readonly fields: DataView;
  readonly header: Uint8Array;
  readonly control: DataView;
  readonly bytes: Uint8Array;
}

function withMessage<Result>(byteCount: number, use: (message: Message) => Result): Result {
  const { koffi } = libc();
  const totalBytes = MSGHDR_BYTES + IOVEC_BYTES + CONTROL_BYTES + 8 + byteCount;
  // The kernel follows the addresses written here: V8 never moves the bytes of an ArrayBuffer made so.
  const memory = new ArrayBuffer(align8(totalBytes));
  const address = koffi.address(new Uint8Array(memory));
  const iovecOffset = MSGHDR_BYTES;
  const controlOffset = iovecOffset + IOVEC_BYTES;
  const bytesOffset = align8(controlOffset + CONTROL_BYTES);
  const fields = new DataView(memory);
  fields.setBigUint64(MSG_IOV, address + BigInt(iovecOffset), true);
  fields.setBigUint64(MSG_IOV_COUNT, 1n, true);
  fields.setBigUint64(MSG_CONTROL, address + BigInt(controlOffset), true);
  fields.setBigUint64(MSG_CONTROL_BYTES, BigInt(CONTROL_BYTES), true);
  fields.setBigUint64(iovecOffset, address + BigInt(bytesOffset), true);
  fields.setBigUint64(iovecOffset + 8, BigInt(byteCount), true);
  return use({
    fields,
    header: new Uint8Array(memory, 0, MSGHDR_BYTES),
    control: new DataView(memory, controlOffset, CONTROL_BYTES),
    bytes: new Uint8Array(memory, bytesOffset, byteCount),
  });
}

function align8(byteCount: number): number {
  return (byteCount + 7) & ~7;
}

/** Sends bytes with copies of descriptors in one message, waiting for room. The caller keeps its descriptors. */
export function sendDescriptors(socketFd: number, bytes: Uint8Array, fds: readonly number[]): void {
  assert(bytes.length > 0, 'descriptors travel with at least one byte');
  assert(fds.length <= DESCRIPTORS_PER_MESSAGE_MAX);
  withMessage(bytes.length, (message) => {
    message.bytes.set(bytes);
    const controlBytes = fds.length === 0 ? 0 : CMSGHDR_BYTES + fds.length * DESCRIPTOR_BYTES;
    message.fields.setBigUint64(MSG_CONTROL_BYTES, BigInt(fds.length === 0 ? 0 : align8(controlBytes)), true);
    message.control.setBigUint64(0, BigInt(controlBytes), true);
    message.control.setInt32(8, SOL_SOCKET, true);
    message.control.setInt32(12, SCM_RIGHTS, true);
    for (const [index, fd] of fds.entries()) message.control.setInt32(CMSGHDR_BYTES + index * DESCRIPTOR_BYTES, fd, true);
    for (;;) {
      const sent = libc().sendmsg(socketFd, message.header, MSG_NOSIGNAL);
      if (sent === bytes.length) return;
      // A stream socket takes a message of this size whole or not at all, short of a signal in between.
      if (sent >= 0) throw new Error(`A message of ${bytes.length} bytes with descriptors is sent in part (${sent}).`);
      const error = lastError('sendmsg');
      if (error.code === 'EAGAIN') waitForDescriptor(socketFd, 'writable', -1);
      else if (error.code !== 'EINTR') throw error;
    }
  });
}

export interface ReceivedMessage {
  /** Empty at the end of the stream. */
  readonly bytes: Uint8Array;
  /** `fdCountMax` at most, close-on-exec, owned by the caller; those beyond are closed already. */
  readonly fds: readonly number[];
}

export interface ReceiveOptions {
  readonly byteCountMax: number;
  readonly fdCountMax: number;
}

/** Receives bytes and the descriptors that came with them. Waits for them. */
export function receiveDescriptors(socketFd: number, options: ReceiveOptions): ReceivedMessage {
  for (;;) {
    const received = receiveMessage(socketFd, options, 0);
    if (received !== null) return received;
    waitForDescriptor(socketFd, 'readable', -1);
  }
}

/**
 * The same from a peer that is not to hold this thread. Null: there is nothing, whatever poll(2) has said of the socket:
 * urgent bytes, for one, show as something to read and cannot be read so.
 */
export function receiveDescriptorsNow(socketFd: number, options: ReceiveOptions): ReceivedMessage | null {
  return receiveMessage(socketFd, options, MSG_DONTWAIT);
}

function receiveMessage(socketFd: number, { byteCountMax, fdCountMax }: ReceiveOptions, flags: number): ReceivedMessage | null {
  assert(byteCountMax > 0 && fdCountMax >= 0);
  return withMessage(byteCountMax, (message) => {
    let received: number;
    for (;;) {
      received = libc().recvmsg(socketFd, message.header, MSG_CMSG_CLOEXEC | flags);
      if (received >= 0) break;
      const error = lastError('recvmsg');
      if (error.code === 'EAGAIN') return null;
      if (error.code !== 'EINTR') throw error;
    }
    const fds = descriptorsIn(message);
    for (const fd of fds.splice(fdCountMax)) closeDescriptor(fd);
    // Room for SCM_MAX_FD was given, so a cut message means that this process has no descriptors left.
    if ((message.fields.getInt32(MSG_FLAGS, true) & MSG_CTRUNC) !== 0) {
      for (const fd of fds) closeDescriptor(fd);
      throw new Error('Descriptors of a message are lost: the limit of open files is reached.');
    }
    return { bytes: message.bytes.slice(0, received), fds };
  });
}

function descriptorsIn({ fields, control }: Message): number[] {
  const fds: number[] = [];
  const controlBytes = Number(fields.getBigUint64(MSG_CONTROL_BYTES, true));
  for (let offset = 0; offset + CMSGHDR_BYTES <= controlBytes; ) {
    const entryBytes = Number(control.getBigUint64(offset, true));
    if (entryBytes < CMSGHDR_BYTES) break;
    if (control.getInt32(offset + 8, true) === SOL_SOCKET && control.getInt32(offset + 12, true) === SCM_RIGHTS) {
      const end = Math.min(offset + entryBytes, controlBytes);
      for (let at = offset + CMSGHDR_BYTES; at + DESCRIPTOR_BYTES <= end; at += DESCRIPTOR_BYTES) fds.push(control.getInt32(at, true));
    }
    offset += align8(entryBytes);
  }
  return fds;
}

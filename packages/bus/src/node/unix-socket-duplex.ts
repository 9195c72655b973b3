import { Socket, type SocketConstructorOpts } from 'node:net';
import { receiveNow, sendNow, waitForDescriptor } from '@gpup/os';
import type { ByteDuplex } from '../byte-duplex.ts';

const READ_BYTES = 64 * 1024;
/** A full socket is tried again after this; its buffer (about 200 KiB) holds what the peer reads in that time. */
const RETRY_MS = 1;
/** How long one blocking wait may be deaf to what arrives. */
const DEAF_MS_MAX = 5;

/** @types/node 20 knows `onread` for connect only; the constructor takes it as well. */
interface ReadingSocketOptions extends SocketConstructorOpts {
  readonly onread: { readonly buffer: Uint8Array; readonly callback: (byteCount: number, bytes: Uint8Array) => boolean };
}

/**
 * A Unix socket as a ByteDuplex. Owns the descriptor.
 *
 * Node reads from it; what is written goes straight to the kernel instead, so that nothing of ours
 * waits where only the event loop could send it: this end can block.
 */
export class UnixSocketDuplex implements ByteDuplex {
  onBytes: (bytes: Uint8Array) => void = () => {};
  onWritable: () => void = () => {};
  onEnd: (message: string) => void = () => {};
  readonly #fd: number;
  readonly #socket: Socket;
  #retry: NodeJS.Timeout | null = null;
  readonly #received = new Uint8Array(READ_BYTES);
  #isOver = false;

  constructor(fd: number) {
    this.#fd = fd;
    const options: ReadingSocketOptions = {
      fd,
      // Otherwise Node closes the descriptor by itself, and its number may name another file when we write.
      allowHalfOpen: true,
      onread: {
        buffer: this.#received,
        callback: (byteCount, bytes) => {
          if (!this.#isOver) this.onBytes(bytes.subarray(0, byteCount));
          return true;
        },
      },
    };
    this.#socket = new Socket(options);
    this.#socket.on('end', () => this.#end('the peer closed its end'));
    this.#socket.on('error', (error) => this.#end(error.message));
    this.#socket.resume();
  }

  get #isUsable(): boolean {
    // An error destroys the socket before it is reported.
    return !this.#isOver && !this.#socket.destroyed;
  }

  write(bytes: Uint8Array): number {
    if (!this.#isUsable || bytes.length === 0) return bytes.length;
    const sent = sendNow(this.#fd, bytes);
    // Nobody reads any more; the end of the stream says so by itself.
    if (sent === 'gone') return bytes.length;
    if (sent < bytes.length) this.#retryLater();
    return sent;
  }

  waitForRoom(timeoutMs: number): boolean {
    const deadlineMs = performance.now() + timeoutMs;
    // A buffer of its own: we may be inside of `onBytes`, with the other one being read.
    const received = new Uint8Array(READ_BYTES);
    while (this.#isUsable) {
      const byteCount = receiveNow(this.#fd, received);
      if (byteCount === 'gone') return false;
      if (byteCount > 0) this.onBytes(received.subarray(0, byteCount));
      const leftMs = deadlineMs - performance.now();
      if (waitForDescriptor(this.#fd, 'writable', Math.max(0, Math.min(leftMs, DEAF_MS_MAX)))) return true;
      if (leftMs <= 0) return false;
    }
    return false;
  }

  waitForBytes(timeoutMs: number): boolean {
    if (!this.#isUsable || !waitForDescriptor(this.#fd, 'readable', timeoutMs)) return false;
    const received = new Uint8Array(READ_BYTES);
    const byteCount = receiveNow(this.#fd, received);
    // The end of the stream is left to the event loop, which tells of it.
    if (byteCount === 'gone') return false;
    if (byteCount > 0) this.onBytes(received.subarray(0, byteCount));
    return true;
  }

  pauseReading(): void {
    this.#socket.pause();
  }

  resumeReading(): void {
    if (!this.#isOver) this.#socket.resume();
  }

  setWaiting(waiting: boolean): void {
    if (waiting) this.#socket.ref();
    else this.#socket.unref();
  }

  close(): void {
    this.#isOver = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#socket.destroy();
  }

  /**
   * Node tells of room only for what was written through it. A second watch of the socket would need
   * a second descriptor, which a terminated worker would leave open: the peer would never see the end.
   */
  #retryLater(): void {
    if (this.#retry !== null) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.onWritable();
    }, RETRY_MS).unref();
  }

  #end(message: string): void {
    if (this.#isOver) return;
    this.close();
    this.onEnd(message);
  }
}

import { Socket, type SocketConstructorOpts } from 'node:net';
import { drainNow, sendByteNow } from '@gpup/os';
import type { Doorbell } from '../doorbell.ts';

/** Rings are bytes without meaning: they land here and are forgotten. */
const RING_BYTES = 4096;

/** @types/node 20 knows `onread` for connect only; the constructor takes it as well. */
interface ReadingSocketOptions extends SocketConstructorOpts {
  readonly onread: { readonly buffer: Uint8Array; readonly callback: () => boolean };
}

/**
 * A doorbell over a connected stream socket: a byte is a ring, the end of the stream is the peer's
 * end. Owns the descriptor.
 *
 * Rings are sent by a plain non-blocking send, beside Node's socket, which would queue them: when
 * the peer's buffer is full of rings, one more would tell it nothing.
 */
export class SocketDoorbell implements Doorbell {
  onRing: () => void = () => {};
  onPeerGone: (message: string) => void = () => {};
  readonly #fd: number;
  readonly #socket: Socket;
  #isOver = false;

  constructor(fd: number) {
    this.#fd = fd;
    const options: ReadingSocketOptions = {
      fd,
      // Otherwise Node closes the descriptor by itself, and its number may name another file when we ring.
      allowHalfOpen: true,
      onread: {
        buffer: new Uint8Array(RING_BYTES),
        callback: () => {
          if (!this.#isOver) this.onRing();
          return true;
        },
      },
    };
    this.#socket = new Socket(options);
    this.#socket.on('end', () => this.#peerGone('the peer closed its end'));
    this.#socket.on('error', (error) => this.#peerGone(error.message));
    this.#socket.resume();
  }

  ring(): void {
    // An error destroys the socket before it is reported.
    if (this.#isOver || this.#socket.destroyed) return;
    sendByteNow(this.#fd);
  }

  isPeerAlive(): boolean {
    return !this.#isOver && !this.#socket.destroyed && drainNow(this.#fd);
  }

  setWaiting(waiting: boolean): void {
    if (waiting) this.#socket.ref();
    else this.#socket.unref();
  }

  close(): void {
    this.#isOver = true;
    this.#socket.destroy();
  }

  #peerGone(message: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.destroy();
    this.onPeerGone(message);
  }
}

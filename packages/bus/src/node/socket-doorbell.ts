import { Socket, type SocketConstructorOpts } from 'node:net';
import { currentProcessor, drainNow, leaveProcessor, sendByteNow } from '@gpup/os';
import type { Doorbell } from '../doorbell.ts';

/** Rings land here and are forgotten. */
const RING_BYTES = 4096;
/** A move costs some 10 us, and a peer may say what it likes of its processor. */
const MOVE_INTERVAL_MS = 1;

/** @types/node 20 knows `onread` for connect only; the constructor takes it as well. */
interface ReadingSocketOptions extends SocketConstructorOpts {
  readonly onread: { readonly buffer: Uint8Array; readonly callback: (byteCount: number) => boolean };
}

export interface SocketDoorbellOptions {
  /** Move this thread off the processor that the ringing peer runs on, so that both can work at once. */
  readonly leavesPeersProcessor?: boolean;
}

/**
 * A doorbell over a connected stream socket: a byte is a ring, the end of the stream is the peer's
 * end. The byte says on which processor the peer rang, mod 256. Owns the descriptor.
 *
 * Rings are sent by a plain non-blocking send, beside Node's socket, which would queue them: when
 * the peer's buffer is full of rings, one more would tell it nothing.
 */
export class SocketDoorbell implements Doorbell {
  onRing: () => void = () => {};
  onPeerGone: (message: string) => void = () => {};
  readonly #fd: number;
  readonly #socket: Socket;
  readonly #leavesPeersProcessor: boolean;
  readonly #rings = new Uint8Array(RING_BYTES);
  #movedAtMs = Number.NEGATIVE_INFINITY;
  #isOver = false;

  constructor(fd: number, { leavesPeersProcessor = false }: SocketDoorbellOptions = {}) {
    this.#fd = fd;
    this.#leavesPeersProcessor = leavesPeersProcessor;
    const options: ReadingSocketOptions = {
      fd,
      // Otherwise Node closes the descriptor by itself, and its number may name another file when we ring.
      allowHalfOpen: true,
      onread: {
        buffer: this.#rings,
        callback: (byteCount) => {
          if (this.#leavesPeersProcessor) this.#leave(this.#rings[byteCount - 1] as number);
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
    sendByteNow(this.#fd, currentProcessor() & 0xff);
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

  #leave(peersProcessor: number): void {
    const processor = currentProcessor();
    if ((processor & 0xff) !== peersProcessor) return;
    const nowMs = performance.now();
    if (nowMs - this.#movedAtMs < MOVE_INTERVAL_MS) return;
    this.#movedAtMs = nowMs;
    leaveProcessor(processor);
  }

  #peerGone(message: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.destroy();
    this.onPeerGone(message);
  }
}

import type { Duplex } from 'node:stream';
import type { ByteDuplex } from '../byte-duplex.ts';

/** Node may hold one such piece of ours unsent; beyond that words wait in the link's own bounded queue. */
const WRITE_BYTES_MAX = 256 * 1024;

type Stream = Duplex & { ref?(): unknown; unref?(): unknown; setNoDelay?(): unknown };

/** Any stream of Node's (TCP, TLS) as a ByteDuplex. Owns the stream. */
export class SocketDuplex implements ByteDuplex {
  onBytes: (bytes: Uint8Array) => void = () => {};
  onWritable: () => void = () => {};
  onEnd: (message: string) => void = () => {};
  // Only the event loop empties what Node has queued.
  readonly waitForRoom = null;
  readonly waitForBytes = null;
  readonly #stream: Stream;
  #isOver = false;

  constructor(stream: Stream) {
    this.#stream = stream;
    // A command must not wait for the acknowledgement of the one before it.
    stream.setNoDelay?.();
    stream.on('data', (bytes: Uint8Array) => {
      if (!this.#isOver) this.onBytes(bytes);
    });
    stream.on('drain', () => {
      if (!this.#isOver) this.onWritable();
    });
    stream.on('end', () => this.#end('the peer closed its end'));
    stream.on('error', (error) => this.#end(error.message));
    stream.on('close', () => this.#end('the stream is closed'));
  }

  write(bytes: Uint8Array): number {
    if (this.#isOver) return bytes.length;
    const stream = this.#stream;
    let taken = 0;
    // 'drain' follows only where a write has left something unsent, so go on until one has.
    while (taken < bytes.length && !stream.writableNeedDrain) {
      const end = Math.min(bytes.length, taken + WRITE_BYTES_MAX);
      // A copy: Node keeps what it cannot send at once.
      stream.write(Buffer.from(bytes.subarray(taken, end)));
      taken = end;
    }
    return taken;
  }

  pauseReading(): void {
    this.#stream.pause();
  }

  resumeReading(): void {
    this.#stream.resume();
  }

  setWaiting(waiting: boolean): void {
    if (waiting) this.#stream.ref?.();
    else this.#stream.unref?.();
  }

  close(): void {
    this.#isOver = true;
    this.#stream.destroy();
  }

  #end(message: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stream.destroy();
    this.onEnd(message);
  }
}

import type { Duplex } from 'node:stream';
import type { ByteDuplex } from '../byte-duplex.ts';

/** What Node may hold of ours unsent; beyond that words wait in the link's own bounded queue. */
const UNSENT_BYTES_MAX = 256 * 1024;

/** Any stream of Node's (TCP, TLS) as a ByteDuplex. Owns the stream. */
export class SocketDuplex implements ByteDuplex {
  onBytes: (bytes: Uint8Array) => void = () => {};
  onWritable: () => void = () => {};
  onEnd: (message: string) => void = () => {};
  // Only the event loop empties what Node has queued.
  readonly waitForRoom = null;
  readonly #stream: Duplex & { ref?(): unknown; unref?(): unknown };
  #isOver = false;

  constructor(stream: Duplex & { ref?(): unknown; unref?(): unknown }) {
    this.#stream = stream;
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
    const room = stream.writableNeedDrain ? 0 : UNSENT_BYTES_MAX - stream.writableLength;
    const taken = Math.min(bytes.length, Math.max(0, room));
    // A copy: Node keeps what it cannot send at once.
    if (taken > 0) stream.write(Buffer.from(bytes.subarray(0, taken)));
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

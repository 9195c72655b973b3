import type { CaptureSink } from '../capture/capture-writer.ts';

/** A capture in memory: what a file would hold after each write. */
export class MemorySink implements CaptureSink {
  bytes: Uint8Array = new Uint8Array(0);
  isClosed = false;
  /** Thrown by the next write, if set. */
  failure: Error | null = null;

  write(bytes: Uint8Array, position: number): void {
    if (this.failure !== null) throw this.failure;
    const grown = new Uint8Array(Math.max(this.bytes.length, position + bytes.length));
    grown.set(this.bytes);
    grown.set(bytes, position);
    this.bytes = grown;
  }

  close(): void {
    this.isClosed = true;
  }
}

/** Reliable ordered bytes in both directions: a Unix socket, TCP, TLS, a WebSocket. */
export interface ByteDuplex {
  /** Bytes that have arrived, to be read before it returns. Not called while reading is paused, nor synchronously from `resumeReading`. */
  onBytes: (bytes: Uint8Array) => void;
  /** There is room again after `write` took less than it was given. */
  onWritable: () => void;
  /** The stream has ended or failed; called once, and not after `close`. */
  onEnd: (message: string) => void;
  /** Takes as many bytes from the front as it has room for, copies them, and returns their count. */
  write(bytes: Uint8Array): number;
  /**
   * Blocks until there may be room again, at most `timeoutMs`, and passes what arrives meanwhile to
   * `onBytes`: a peer that is blocked itself could otherwise not go on. Returns false when the time
   * is over or the peer is gone. Null where the platform cannot block.
   */
  readonly waitForRoom: ((timeoutMs: number) => boolean) | null;
  /**
   * Blocks until bytes have arrived and passes them to `onBytes`, at most `timeoutMs`. Returns false
   * when the time is over or the peer is gone. Null where the platform cannot block.
   */
  readonly waitForBytes: ((timeoutMs: number) => boolean) | null;
  pauseReading(): void;
  resumeReading(): void;
  /** Whether a peer that may still send keeps this process alive. */
  setWaiting(waiting: boolean): void;
  close(): void;
}

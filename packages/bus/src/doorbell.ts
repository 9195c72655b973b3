/** How one end of an aperture wakes the other and notices that it is gone. */
export interface Doorbell {
  /** The peer has rung; rings that come close together may be reported once. */
  onRing: () => void;
  /** The peer is gone; reported once, and not after `close`. */
  onPeerGone: (message: string) => void;
  /** Wakes the peer. Never waits and never queues: unread rings already wake it. */
  ring(): void;
  /** Asks the system, without waiting for the event loop. Throws rings that have arrived away. */
  isPeerAlive(): boolean;
  /** Whether a peer that may still ring keeps this process alive. */
  setWaiting(waiting: boolean): void;
  close(): void;
}

/** What the platform offers to code that must not wait hot. */
export interface Scheduler {
  /** Runs the callback in a later turn of the event loop, after timers and I/O had theirs. */
  soon(callback: () => void): void;
  /**
   * As `soon`, after a nap of `napMs` (a fraction of a millisecond) for which the thread may be blocked.
   * One at a time.
   */
  later(callback: () => void, napMs: number): void;
  nowMs(): number;
  /** Blocks the thread; null where that is not possible. */
  readonly sleep: ((ms: number) => void) | null;
}

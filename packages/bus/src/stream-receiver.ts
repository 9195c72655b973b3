import type { ByteDuplex } from './byte-duplex.ts';
import type { Scheduler } from './doorbell.ts';
import type { PacketSink } from './link.ts';
import type { PacketAssembler } from './packet-assembler.ts';

/** As for rings: what shares the thread waits no longer. */
const TURN_MS_MAX = 1;

export interface StreamReceiverOptions {
  readonly duplex: ByteDuplex;
  readonly scheduler: Scheduler;
  readonly assembler: PacketAssembler;
  readonly deliver: PacketSink;
  /** An error from the assembler or `deliver`; the receiver has stopped. */
  readonly failed: (error: unknown) => void;
}

/**
 * Cuts arriving bytes into packets and delivers them in turns of bounded length. While packets wait
 * for their turn nothing more is read: the peer's socket fills up, and that holds the peer back.
 */
export class StreamReceiver {
  readonly #options: StreamReceiverOptions;
  #state: 'reading' | 'scheduled' | 'paused' | 'stopped' = 'reading';
  /** What arrives is kept only: the thread is inside of a call that must not deliver. */
  #isHolding = false;
  /** A turn is on its way though the state may have changed since. */
  #isTurnDue = false;

  constructor(options: StreamReceiverOptions) {
    this.#options = options;
    options.duplex.onBytes = (bytes) => this.#take(bytes);
  }

  pause(): void {
    if (this.#state === 'stopped' || this.#state === 'paused') return;
    if (this.#state === 'reading') this.#options.duplex.pauseReading();
    this.#state = 'paused';
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'scheduled';
    this.#soon();
  }

  stop(): void {
    if (this.#state === 'reading') this.#options.duplex.pauseReading();
    this.#state = 'stopped';
  }

  /** Delivers everything that has arrived, for a peer that sends no more. */
  deliverRest(): void {
    if (this.#state !== 'stopped') this.#drain(Number.POSITIVE_INFINITY);
  }

  /** Keeps what arrives while `wait` runs, for delivery in a later turn. */
  hold<Result>(wait: () => Result): Result {
    this.#isHolding = true;
    try {
      return wait();
    } finally {
      this.#isHolding = false;
      if (this.#state === 'reading') {
        this.#options.duplex.pauseReading();
        this.#state = 'scheduled';
        this.#soon();
      }
    }
  }

  /** Goes on after `failed` was given an error of the receiver's user. */
  recover(): void {
    if (this.#state !== 'stopped') return;
    this.#state = 'scheduled';
    this.#soon();
  }

  #take(bytes: Uint8Array): void {
    if (this.#state === 'stopped') return;
    const { assembler } = this.#options;
    assembler.makeRoom(bytes.length);
    assembler.bytes.set(bytes, assembler.endByte);
    assembler.filled(bytes.length);
    if (this.#state === 'reading' && !this.#isHolding) this.#turn();
  }

  #soon(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    this.#options.scheduler.soon(() => {
      this.#isTurnDue = false;
      if (this.#state === 'scheduled') this.#turn();
    });
  }

  #turn(): void {
    const { duplex, scheduler } = this.#options;
    const outcome = this.#drain(scheduler.nowMs() + TURN_MS_MAX);
    if (this.#state === 'paused' || this.#state === 'stopped') return;
    if (outcome === 'more') {
      if (this.#state === 'reading') duplex.pauseReading();
      this.#state = 'scheduled';
      this.#soon();
    } else if (this.#state === 'scheduled') {
      this.#state = 'reading';
      duplex.resumeReading();
    }
  }

  #drain(untilMs: number): 'more' | 'empty' {
    const { assembler, scheduler, deliver } = this.#options;
    try {
      while (assembler.deliverNext(deliver) > 0) {
        if (this.#state === 'paused' || this.#state === 'stopped' || scheduler.nowMs() >= untilMs) return 'more';
      }
    } catch (error) {
      this.stop();
      this.#options.failed(error);
    }
    return 'empty';
  }
}

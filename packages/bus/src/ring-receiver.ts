import type { Doorbell, Scheduler } from './doorbell.ts';
import type { PacketSink } from './link.ts';
import type { LookPolicy } from './look-policy.ts';
import { FILL_BYTES_MAX, type PacketAssembler } from './packet-assembler.ts';
import { advance } from './position.ts';
import type { RingConsumer } from './ring.ts';

/** A turn's share of the event loop: what shares the thread (Dawn's callbacks, timers) waits no longer. */
const TURN_MS_MAX = 1;
export interface RingReceiverOptions {
  readonly consumer: RingConsumer;
  readonly assembler: PacketAssembler;
  readonly control: Int32Array;
  /** The word by which we say that we sleep. */
  readonly sleepingIndex: number;
  /** The word by which the peer says that it waits for room. */
  readonly peerWantsRoomIndex: number;
  readonly doorbell: Doorbell;
  readonly scheduler: Scheduler;
  /** Until `expect` says otherwise. */
  readonly look: LookPolicy;
  readonly deliver: PacketSink;
  /** Called after packets were delivered, with the stream position behind the last of them. */
  readonly delivered: (position: number) => void;
  /** An error from the ring, the assembler or `deliver`; the receiver has stopped. */
  readonly failed: (error: unknown) => void;
}

/**
 * Takes packets out of a ring, in turns of bounded length, and sleeps when there is nothing to do.
 *
 * Sleep: we set `sleeping`, then look at the ring once more; the peer publishes, then looks at
 * `sleeping`. Whichever comes second sees the other, so that no wake-up is lost.
 */
export class RingReceiver {
  readonly #options: RingReceiverOptions;
  #state: 'asleep' | 'scheduled' | 'paused' | 'stopped' = 'asleep';
  /** Stream position behind the last delivered packet. */
  #position: number;
  /** A turn is on its way though the state may have changed since. */
  #isTurnDue = false;
  /** The same for a look that a nap comes before. */
  #isLookDue = false;
  /** How to look for what may come soon; null where nothing is expected. */
  #look: LookPolicy | null;
  readonly #turnBound = (): void => {
    this.#isTurnDue = false;
    this.#turn();
  };

  readonly #lookBound = (): void => {
    this.#isLookDue = false;
    this.#turn();
  };

  constructor(options: RingReceiverOptions) {
    this.#options = options;
    this.#position = options.consumer.head;
    this.#look = options.look;
    this.schedule();
  }

  /** The peer has rung. */
  wake(): void {
    if (this.#state !== 'asleep') return;
    this.#getUp();
    this.#turn();
  }

  /** Makes sure that a turn comes. */
  schedule(): void {
    if (this.#state !== 'asleep') return;
    this.#getUp();
    this.#soon();
  }

  /** How to look for what may come soon, from now on. Null: nothing is expected, and nobody looks for it. */
  expect(look: LookPolicy | null): void {
    if (look === this.#look) return;
    this.#look?.giveUp();
    this.#look = look;
    if (look === null) return;
    const nowMs = this.#options.scheduler.nowMs();
    look.idle(nowMs);
    if (look.nextLookMs(nowMs) !== null) this.schedule();
  }

  pause(): void {
    if (this.#state === 'stopped') return;
    if (this.#state === 'asleep') this.#getUp();
    this.#state = 'paused';
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'scheduled';
    this.#soon();
  }

  stop(): void {
    this.#state = 'stopped';
  }

  /** Goes on after `failed` was given an error of the receiver's user. */
  recover(): void {
    if (this.#state !== 'stopped') return;
    this.#state = 'scheduled';
    this.#soon();
  }

  /** Moves everything out of the ring without delivering it, so that the peer has room. May throw a violation. */
  hold(): void {
    if (this.#state === 'stopped') return;
    while (this.#fill());
    this.schedule();
  }

  /** Delivers everything that is there, for a peer that writes no more. */
  deliverRest(): void {
    while (this.#state !== 'stopped' && this.#drain(Number.POSITIVE_INFINITY) === 'more');
  }

  #soon(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    this.#options.scheduler.soon(this.#turnBound);
  }

  #later(napMs: number): void {
    if (this.#isLookDue) return;
    this.#isLookDue = true;
    this.#options.scheduler.later(this.#lookBound, napMs);
  }

  #getUp(): void {
    this.#state = 'scheduled';
    Atomics.store(this.#options.control, this.#options.sleepingIndex, 0);
  }

  #turn(): void {
    if (this.#state !== 'scheduled') return;
    const { scheduler } = this.#options;
    const before = this.#position;
    const outcome = this.#drain(scheduler.nowMs() + TURN_MS_MAX);
    // The sink may have paused or stopped us meanwhile.
    if (this.#state !== 'scheduled') return;
    if (outcome === 'more') {
      this.#soon();
      return;
    }
    const nowMs = scheduler.nowMs();
    if (this.#position !== before) this.#look?.idle(nowMs);
    const napMs = this.#look?.nextLookMs(nowMs) ?? null;
    if (napMs === null) this.#sleep();
    else if (napMs === 0) this.#soon();
    else this.#later(napMs);
  }

  #sleep(): void {
    const { control, sleepingIndex, consumer } = this.#options;
    this.#state = 'asleep';
    Atomics.store(control, sleepingIndex, 1);
    try {
      if (consumer.poll() === 0) return;
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#getUp();
    this.#soon();
  }

  /** Delivers packets until there are none, the time is over, or somebody stops us. */
  #drain(untilMs: number): 'more' | 'empty' {
    const { assembler, scheduler, deliver, delivered } = this.#options;
    try {
      do {
        for (;;) {
          const wordCount = assembler.deliverNext(deliver);
          if (wordCount === 0) break;
          this.#position = advance(this.#position, wordCount);
          // Each by itself: a packet may name a mebibyte, which the peer wants back while it is warm.
          delivered(this.#position);
          if (this.#state === 'paused' || this.#state === 'stopped' || scheduler.nowMs() >= untilMs) return 'more';
        }
      } while (this.#fill());
    } catch (error) {
      this.#fail(error);
    }
    return 'empty';
  }

  /** Moves some words from the ring into the assembler. */
  #fill(): boolean {
    const { consumer, assembler } = this.#options;
    const wordCount = Math.min(consumer.poll(), FILL_BYTES_MAX / 4);
    if (wordCount === 0) return false;
    // Before anything is delivered: whoever is told may expect nothing more.
    this.#look?.found();
    assembler.makeRoom(wordCount * 4);
    consumer.read(assembler.words, assembler.endByte / 4, wordCount);
    assembler.filled(wordCount * 4);
    // Only once there is much room: a peer that is woken for little would soon sleep again.
    if (consumer.knownWords <= consumer.capacityWords / 2) this.#offerRoom();
    return true;
  }

  #offerRoom(): void {
    const { control, peerWantsRoomIndex, doorbell } = this.#options;
    if (Atomics.load(control, peerWantsRoomIndex) === 0) return;
    if (Atomics.exchange(control, peerWantsRoomIndex, 0) !== 0) doorbell.ring();
  }

  #fail(error: unknown): void {
    this.#state = 'stopped';
    this.#options.failed(error);
  }
}

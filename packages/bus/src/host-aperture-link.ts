import { GuestFault } from '@gpup/base';
import { type Aperture, HEADER } from './aperture-layout.ts';
import type { Doorbell, Scheduler } from './doorbell.ts';
import { BUS_LIMITS } from './limits.ts';
import type { CloseReason, HostLink, PacketSink } from './link.ts';
import { LookPolicy, type LookTimes } from './look-policy.ts';
import { PacketAssembler } from './packet-assembler.ts';
import { RingConsumer, RingProducer } from './ring.ts';
import { RingReceiver } from './ring-receiver.ts';
import { RingSender } from './ring-sender.ts';

/**
 * A guest that is served may well have more: it saves a system call on its own thread wherever it finds us looking. One that
 * looks for our answers asks again within some 25 us of them; the shortest nap takes 15 to 55 us, by the machine.
 */
const LOOK: LookTimes = { spinMs: 0.06, lookMs: 1, napMsMax: 0.125 };

export interface HostApertureLinkOptions {
  readonly aperture: Aperture;
  readonly doorbell: Doorbell;
  readonly scheduler: Scheduler;
  readonly packetWordsMax?: number;
  /** Where both streams stand; 0 unless a link is taken over, or a test starts close to 2^32. */
  readonly position?: number;
  readonly replyBacklogBytesMax?: number;
  /** Called once when the link no longer touches the aperture. */
  readonly release?: () => void;
}

/**
 * The guest may write any word of the aperture at any time. Of the header this end reads the command
 * tail and the reply head, each once per look and checked; and the sleeping and room words, which
 * decide only whether a doorbell is rung.
 */
export class HostApertureLink implements HostLink {
  readonly heap: Uint8Array;
  onPacket: PacketSink = () => {};
  onClose: (reason: CloseReason) => void = () => {};
  onFault: (fault: GuestFault) => void = () => {};

  readonly #control: Int32Array;
  readonly #doorbell: Doorbell;
  readonly #release: () => void;
  readonly #sender: RingSender;
  readonly #receiver: RingReceiver;
  readonly #replyBacklogBytesMax: number;
  #isClosed = false;
  #isFaulted = false;

  constructor(options: HostApertureLinkOptions) {
    const { control, commandRing, replyRing, heap } = options.aperture;
    const { doorbell, scheduler, position = 0 } = options;
    const ringViolation = (message: string): Error => new GuestFault('ring-index', message);
    this.heap = heap;
    this.#control = control;
    this.#doorbell = doorbell;
    this.#release = options.release ?? ((): void => {});
    this.#replyBacklogBytesMax = options.replyBacklogBytesMax ?? BUS_LIMITS.replyBacklogBytesMax;
    this.#sender = new RingSender({
      producer: new RingProducer({ control, ring: replyRing, tailIndex: HEADER.replyTail, headIndex: HEADER.replyHead, position, violation: ringViolation }),
      control,
      peerSleepingIndex: HEADER.guestSleeping,
      wantsRoomIndex: HEADER.hostWantsRoom,
      doorbell,
      queueBytesMax: this.#replyBacklogBytesMax,
    });
    this.#receiver = new RingReceiver({
      consumer: new RingConsumer({ control, ring: commandRing, tailIndex: HEADER.commandTail, headIndex: HEADER.commandHead, position, violation: ringViolation }),
      assembler: new PacketAssembler({
        packetWordsMax: options.packetWordsMax ?? BUS_LIMITS.packetWordsMax,
        violation: (message) => new GuestFault('packet-length', message),
      }),
      control,
      sleepingIndex: HEADER.hostSleeping,
      peerWantsRoomIndex: HEADER.guestWantsRoom,
      doorbell,
      scheduler,
      look: new LookPolicy(LOOK),
      deliver: (words, begin, end) => this.onPacket(words, begin, end),
      delivered: (position) => {
        if (!this.#isClosed) Atomics.store(control, HEADER.executed, position | 0);
      },
      failed: (error) => this.#failed(error),
    });
    doorbell.onRing = () => this.#rung();
    doorbell.onPeerGone = (message) => this.#close({ kind: 'peer-gone', message });
    doorbell.setWaiting(true);
  }

  send(words: Uint32Array, begin: number, end: number): void {
    if (this.#isClosed || this.#isFaulted) return;
    if (!this.#sender.hasRoomFor(end - begin)) {
      throw new GuestFault(
        'reply-backlog',
        `Replies that the guest does not read reach the limit (${this.#sender.queuedBytes} of ${this.#replyBacklogBytesMax} bytes wait).`,
      );
    }
    this.#sender.send(words, begin, end);
  }

  publishCompleted(serial: number): void {
    if (!this.#isClosed) Atomics.store(this.#control, HEADER.completed, serial >>> 0);
  }

  pause(): void {
    this.#receiver.pause();
  }

  resume(): void {
    this.#receiver.resume();
  }

  close(): void {
    this.#close({ kind: 'closed' });
  }

  #rung(): void {
    try {
      this.#sender.flush();
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#receiver.wake();
  }

  #failed(error: unknown): void {
    if (!(error instanceof GuestFault)) throw error;
    if (this.#isFaulted || this.#isClosed) return;
    this.#isFaulted = true;
    this.#receiver.stop();
    this.onFault(error);
  }

  #close(reason: CloseReason): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#receiver.stop();
    this.#doorbell.close();
    this.#release();
    this.onClose(reason);
  }
}

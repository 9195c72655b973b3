import { GuestFault } from '@gpup/base';
import type { ByteDuplex } from './byte-duplex.ts';
import type { Scheduler } from './doorbell.ts';
import { BUS_LIMITS } from './limits.ts';
import type { CloseReason, HostLink, PacketSink } from './link.ts';
import { PacketAssembler } from './packet-assembler.ts';
import { PROGRESS_COMPLETED } from './stream-progress.ts';
import { StreamReceiver } from './stream-receiver.ts';
import { StreamSender } from './stream-sender.ts';

export interface HostStreamLinkOptions {
  readonly duplex: ByteDuplex;
  readonly scheduler: Scheduler;
  readonly packetWordsMax?: number;
  readonly replyBacklogBytesMax?: number;
}

export class HostStreamLink implements HostLink {
  readonly heap = null;
  onPacket: PacketSink = () => {};
  onClose: (reason: CloseReason) => void = () => {};
  onFault: (fault: GuestFault) => void = () => {};

  readonly #duplex: ByteDuplex;
  readonly #sender: StreamSender;
  readonly #receiver: StreamReceiver;
  readonly #replyBacklogBytesMax: number;
  readonly #progress = new Uint32Array(2);
  #isClosed = false;
  #isFaulted = false;
  #isProgressWaiting = false;

  constructor(options: HostStreamLinkOptions) {
    const { duplex } = options;
    this.#duplex = duplex;
    this.#replyBacklogBytesMax = options.replyBacklogBytesMax ?? BUS_LIMITS.replyBacklogBytesMax;
    this.#sender = new StreamSender({ duplex, queueBytesMax: this.#replyBacklogBytesMax });
    this.#receiver = new StreamReceiver({
      duplex,
      scheduler: options.scheduler,
      assembler: new PacketAssembler({
        packetWordsMax: options.packetWordsMax ?? BUS_LIMITS.packetWordsMax,
        violation: (message) => new GuestFault('packet-length', message),
      }),
      deliver: (words, begin, end) => this.onPacket(words, begin, end),
      failed: (error) => this.#failed(error),
    });
    duplex.onWritable = () => this.#flush();
    duplex.onEnd = (message) => this.#close({ kind: 'peer-gone', message });
    duplex.setWaiting(true);
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
    if (this.#isClosed || this.#isFaulted) return;
    this.#progress[0] = serial >>> 0;
    this.#progress[1] = PROGRESS_COMPLETED;
    // Behind a backlog only the latest serial waits: a guest that reads nothing costs no memory.
    this.#isProgressWaiting = this.#sender.queuedBytes > 0;
    if (!this.#isProgressWaiting) this.#sender.send(this.#progress, 0, 2);
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

  #flush(): void {
    this.#sender.flush();
    if (!this.#isProgressWaiting || this.#sender.queuedBytes > 0) return;
    this.#isProgressWaiting = false;
    this.#sender.send(this.#progress, 0, 2);
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
    this.#duplex.close();
    this.onClose(reason);
  }
}

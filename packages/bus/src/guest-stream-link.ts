import type { ByteDuplex } from './byte-duplex.ts';
import type { Scheduler } from './doorbell.ts';
import { BUS_LIMITS } from './limits.ts';
import type { CloseReason, GuestLink, PacketSink } from './link.ts';
import { PacketAssembler } from './packet-assembler.ts';
import { PeerViolation } from './peer-violation.ts';
import { wordsBetween } from './position.ts';
import { PROGRESS_COMPLETED } from './stream-progress.ts';
import { StreamReceiver } from './stream-receiver.ts';
import { StreamSender } from './stream-sender.ts';

export interface GuestStreamLinkOptions {
  readonly duplex: ByteDuplex;
  readonly scheduler: Scheduler;
  readonly packetWordsMax?: number;
  readonly queueBytesMax?: number;
}

export class GuestStreamLink implements GuestLink {
  readonly heap = null;
  readonly packetWordsMax: number;
  onPacket: PacketSink = () => {};
  onClose: (reason: CloseReason) => void = () => {};

  readonly #duplex: ByteDuplex;
  readonly #sender: StreamSender;
  readonly #receiver: StreamReceiver;
  #isClosed = false;
  #completedSerial = 0;

  constructor(options: GuestStreamLinkOptions) {
    const { duplex } = options;
    const violation = (message: string): Error => new PeerViolation(message);
    this.packetWordsMax = options.packetWordsMax ?? BUS_LIMITS.packetWordsMax;
    this.#duplex = duplex;
    this.#sender = new StreamSender({ duplex, queueBytesMax: options.queueBytesMax ?? BUS_LIMITS.guestQueueBytesMax });
    this.#receiver = new StreamReceiver({
      duplex,
      scheduler: options.scheduler,
      assembler: new PacketAssembler({
        packetWordsMax: this.packetWordsMax,
        violation,
        onProgress: (kind, value) => {
          if (kind === PROGRESS_COMPLETED) this.#completedSerial += wordsBetween(this.#completedSerial >>> 0, value);
        },
      }),
      deliver: (words, begin, end) => this.onPacket(words, begin, end),
      failed: (error) => this.#failed(error),
    });
    duplex.onWritable = () => this.#sender.flush();
    duplex.onEnd = (message) => this.#peerGone(message);
    duplex.setWaiting(false);
  }

  send(words: Uint32Array, begin: number, end: number): void {
    if (this.#isClosed) return;
    if (this.#sender.hasRoomFor(end - begin) || this.#waitForRoom(end - begin)) this.#sender.send(words, begin, end);
  }

  /** Nobody is rung: bytes wake whoever reads them. */
  ringIfDue(): void {}

  /** There is no heap whose regions could become free, and `send` itself waits for room. */
  waitForProgress(): boolean {
    return false;
  }

  waitForHost(timeoutMs: number): boolean {
    const { waitForBytes } = this.#duplex;
    if (this.#isClosed || waitForBytes === null) return false;
    return this.#receiver.hold(() => waitForBytes.call(this.#duplex, timeoutMs));
  }

  poll(): void {
    if (!this.#isClosed) this.#receiver.deliverRest();
  }

  completedSerial(): number {
    return this.#completedSerial;
  }

  setWaiting(waiting: boolean): void {
    if (!this.#isClosed) this.#duplex.setWaiting(waiting);
  }

  close(): void {
    this.#close({ kind: 'closed' });
  }

  #waitForRoom(wordCount: number): boolean {
    const { waitForRoom } = this.#duplex;
    if (waitForRoom === null) {
      this.#close({ kind: 'queue-full', message: `Commands that wait for the host reach the limit (${this.#sender.queuedBytes} bytes wait).` });
      return false;
    }
    return this.#receiver.hold(() => {
      while (!this.#sender.hasRoomFor(wordCount)) {
        if (!waitForRoom.call(this.#duplex, Number.POSITIVE_INFINITY)) return false;
        this.#sender.flush();
      }
      return true;
    });
  }

  #peerGone(message: string): void {
    try {
      this.#receiver.deliverRest();
    } finally {
      this.#close({ kind: 'peer-gone', message });
    }
  }

  #failed(error: unknown): void {
    if (!(error instanceof PeerViolation)) {
      if (!this.#isClosed) this.#receiver.recover();
      throw error;
    }
    this.#close({ kind: 'protocol', message: error.message });
  }

  #close(reason: CloseReason): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#receiver.stop();
    this.#duplex.close();
    this.onClose(reason);
  }
}

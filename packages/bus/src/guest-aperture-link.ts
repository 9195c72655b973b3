import { type Aperture, HEADER } from './aperture-layout.ts';
import type { Doorbell, Scheduler } from './doorbell.ts';
import { BUS_LIMITS } from './limits.ts';
import type { CloseReason, GuestHeap, GuestLink, PacketSink } from './link.ts';
import { LookPolicy, type LookTimes } from './look-policy.ts';
import { PacketAssembler } from './packet-assembler.ts';
import { PeerViolation } from './peer-violation.ts';
import { wordsBetween } from './position.ts';
import { RingConsumer, RingProducer } from './ring.ts';
import { RingReceiver } from './ring-receiver.ts';
import { RingSender } from './ring-sender.ts';
import { StagedHeap } from './staged-heap.ts';

/** A blocked guest looks again after this, then after twice as long, up to the longest step. */
const STEP_MS_MIN = 0.02;
const STEP_MS_MAX = 1;
const LIVENESS_INTERVAL_MS = 10;

/** The thread is the program's own, so nobody naps on it; where a spin is in vain a ring is also sooner than the end of a nap. */
const LOOK: LookTimes = { spinMs: 0.02, lookMs: 0.02, napMsMax: 0 };
/**
 * For what the host answers at once: an answer takes 10 to 30 us where both ends look, and some 90 where one sleeps.
 * What waits for a software GPU would take a core from it.
 */
const LOOK_SOON: LookTimes = { spinMs: 0.1, lookMs: 0.1, napMsMax: 0 };

const PAGE_WORDS = 4096 / 4;

export interface GuestApertureLinkOptions {
  readonly aperture: Aperture;
  readonly doorbell: Doorbell;
  readonly scheduler: Scheduler;
  readonly packetWordsMax?: number;
  /** Where both streams stand; 0 unless a link is taken over, or a test starts close to 2^32. */
  readonly position?: number;
  readonly queueBytesMax?: number;
  /** Called once when the link no longer touches the aperture. */
  readonly release?: () => void;
}

export class GuestApertureLink implements GuestLink {
  readonly heap: GuestHeap;
  readonly packetWordsMax: number;
  onPacket: PacketSink = () => {};
  onClose: (reason: CloseReason) => void = () => {};

  readonly #control: Int32Array;
  readonly #doorbell: Doorbell;
  readonly #scheduler: Scheduler;
  readonly #release: () => void;
  readonly #heap: StagedHeap;
  readonly #sender: RingSender;
  readonly #receiver: RingReceiver;
  readonly #look = new LookPolicy(LOOK);
  readonly #lookSoon = new LookPolicy(LOOK_SOON);
  #isClosed = false;
  /** Executed position that a caller of `waitForProgress` knows of. */
  #executedSeen: number;
  #completedSerial = 0;

  constructor(options: GuestApertureLinkOptions) {
    const { control, commandRing, replyRing, heap } = options.aperture;
    const { doorbell, scheduler, position = 0 } = options;
    const violation = (message: string): Error => new PeerViolation(message);
    this.packetWordsMax = options.packetWordsMax ?? BUS_LIMITS.packetWordsMax;
    this.#control = control;
    this.#doorbell = doorbell;
    this.#scheduler = scheduler;
    this.#release = options.release ?? ((): void => {});
    this.#sender = new RingSender({
      producer: new RingProducer({ control, ring: commandRing, tailIndex: HEADER.commandTail, headIndex: HEADER.commandHead, position, violation }),
      control,
      peerSleepingIndex: HEADER.hostSleeping,
      wantsRoomIndex: HEADER.guestWantsRoom,
      doorbell,
      queueBytesMax: options.queueBytesMax ?? BUS_LIMITS.guestQueueBytesMax,
    });
    this.#receiver = new RingReceiver({
      consumer: new RingConsumer({ control, ring: replyRing, tailIndex: HEADER.replyTail, headIndex: HEADER.replyHead, position, violation }),
      assembler: new PacketAssembler({ packetWordsMax: this.packetWordsMax, violation }),
      control,
      sleepingIndex: HEADER.guestSleeping,
      peerWantsRoomIndex: HEADER.hostWantsRoom,
      doorbell,
      scheduler,
      look: this.#look,
      deliver: (words, begin, end) => this.onPacket(words, begin, end),
      delivered: () => {},
      failed: (error) => this.#failed(error),
    });
    this.#executedSeen = position;
    this.#heap = new StagedHeap(heap, () => this.#executed());
    this.heap = this.#heap;
    doorbell.onRing = () => this.#rung();
    doorbell.onPeerGone = (message) => this.#peerGone(message);
    this.setWaiting(false);
    scheduler.soon(() => this.#touch(commandRing));
  }

  /**
   * The first write to a page of shared memory costs some 1.5 µs. The command ring's come while the
   * host gets ready, not one after the other in the first megabyte of the program's commands.
   */
  #touch(ring: Uint32Array): void {
    if (this.#isClosed) return;
    // We alone write here, and what is there may be unread.
    for (let at = 0; at < ring.length; at += PAGE_WORDS) ring[at] = ring[at] as number;
  }

  send(words: Uint32Array, begin: number, end: number, mayRingLater = false): void {
    if (this.#isClosed) return;
    try {
      if (!this.#sender.hasRoomFor(end - begin) && !this.#waitForRoom(end - begin)) return;
      this.#sender.send(words, begin, end, mayRingLater);
      this.#heap.sentUpTo(this.#sender.position);
    } catch (error) {
      this.#failed(error);
    }
  }

  ringIfDue(): void {
    this.#sender.ringIfDue();
  }

  waitForProgress(timeoutMs: number): boolean {
    if (this.#isClosed || this.#scheduler.sleep === null) return false;
    const hasProgressed = (): boolean => {
      const executed = this.#executed();
      const progressed = executed !== this.#executedSeen;
      this.#executedSeen = executed;
      return progressed;
    };
    if (hasProgressed()) return true;
    // Nothing is under way that could progress.
    if (this.#executedSeen === this.#sender.position) return false;
    return this.#blockUntil(hasProgressed, timeoutMs);
  }

  waitForHost(timeoutMs: number): boolean {
    return this.waitForProgress(timeoutMs);
  }

  poll(): void {
    if (!this.#isClosed) this.#receiver.deliverRest();
  }

  completedSerial(): number {
    if (this.#isClosed) return this.#completedSerial;
    // The header has the serial mod 2^32; it is looked at far more often than that wraps.
    const ahead = wordsBetween(this.#completedSerial >>> 0, Atomics.load(this.#control, HEADER.completed) >>> 0);
    this.#completedSerial += ahead;
    return this.#completedSerial;
  }

  setWaiting(waiting: boolean, isSoon = false): void {
    if (this.#isClosed) return;
    this.#doorbell.setWaiting(waiting);
    if (!waiting) this.#receiver.expect(null);
    else this.#receiver.expect(isSoon ? this.#lookSoon : this.#look);
  }

  close(): void {
    this.#close({ kind: 'closed' });
  }

  /** Words since the start; the header has them mod 2^32, and less than that is under way. */
  #executed(): number {
    const sent = this.#sender.position;
    if (this.#isClosed) return sent;
    return sent - wordsBetween(Atomics.load(this.#control, HEADER.executed) >>> 0, sent >>> 0);
  }

  #waitForRoom(wordCount: number): boolean {
    if (this.#blockUntil(() => this.#sender.hasRoomFor(wordCount), Number.POSITIVE_INFINITY)) return true;
    // Where the end of the peer is the reason, the doorbell says so itself.
    if (this.#scheduler.sleep === null) {
      this.#close({ kind: 'queue-full', message: `Commands that wait for the host reach the limit (${this.#sender.queuedBytes} bytes wait).` });
    }
    return false;
  }

  /**
   * Replies are taken in meanwhile (and delivered later): the host could otherwise not go on. The
   * host may end while we block, and no event tells us: so we ask.
   */
  #blockUntil(isDone: () => boolean, timeoutMs: number): boolean {
    const { sleep, nowMs } = this.#scheduler;
    if (sleep === null) return false;
    this.#sender.ringIfDue();
    const startMs = nowMs();
    let askedAtMs = startMs;
    let stepMs = STEP_MS_MIN;
    try {
      for (;;) {
        const now = nowMs();
        // Asking throws rings away, so the rings are looked at after it.
        if (now - askedAtMs >= LIVENESS_INTERVAL_MS) {
          if (!this.#doorbell.isPeerAlive()) return false;
          askedAtMs = now;
        }
        this.#receiver.hold();
        this.#sender.flush();
        if (isDone()) return true;
        const leftMs = startMs + timeoutMs - now;
        if (leftMs <= 0) return false;
        sleep(Math.min(stepMs, leftMs));
        stepMs = Math.min(stepMs * 2, STEP_MS_MAX);
      }
    } catch (error) {
      this.#failed(error);
      return false;
    }
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

  #peerGone(message: string): void {
    // What the host said last is still in the ring: often why it ended.
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
    this.completedSerial();
    this.#isClosed = true;
    this.#sender.close();
    this.#receiver.stop();
    this.#doorbell.close();
    this.#release();
    this.onClose(reason);
  }
}

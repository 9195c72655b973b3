import type { GuestFault } from '@gpup/base';
import { type CloseReason, HEADER, HostApertureLink, HostStreamLink, initializeHeader, layoutAperture, type PacketSink, viewAperture } from '@gpup/bus';
import { Random } from '../input/random.ts';
import type { ArenaLink } from '../packets/fuzz-link.ts';
import { HandDoorbell, HandDuplex, HandScheduler } from './fake-platform.ts';
import { ScrambledHeap } from './scrambled-heap.ts';

const RING_BYTES = 4096;
const RING_WORDS = RING_BYTES / 4;
const HEAP_BYTES_MIN = 4096;
const SCRAMBLED_WORDS = 6;

/** Words of the header that mean nothing to the host when the guest writes them. */
const HARMLESS_WORDS: readonly number[] = [HEADER.magic, HEADER.version, HEADER.commandHead, HEADER.replyTail, HEADER.executed, HEADER.completed, HEADER.guestSleeping, HEADER.hostWantsRoom];

/**
 * Packets through an aperture, while the guest writes all over it: over ring words that the host has
 * read, over the heap that it looks at, over header words that are not its to believe. What comes of a
 * packet must depend on its words alone, as they were when they were published.
 */
export class ApertureArena implements ArenaLink {
  readonly heap: Uint8Array | null;
  onReply: PacketSink = () => {};
  isPaused = false;
  readonly #link: HostApertureLink;
  readonly #control: Int32Array;
  readonly #commandRing: Uint32Array;
  readonly #heapBytes: Uint8Array;
  readonly #doorbell = new HandDoorbell();
  readonly #scheduler = new HandScheduler();
  readonly #random = new Random(1);

  constructor(heapBytes: number | null) {
    const layout = layoutAperture({ commandRingBytes: RING_BYTES, replyRingBytes: RING_BYTES, heapBytes: heapBytes ?? HEAP_BYTES_MIN });
    if (layout === null) throw new Error('No aperture has these sizes.');
    const buffer = new ArrayBuffer(layout.sizeBytes);
    const aperture = viewAperture(buffer, layout);
    initializeHeader(aperture.control);
    const heap = new ScrambledHeap(buffer, layout.heapOffset, layout.heapBytes);
    heap.onView = () => this.#scramble();
    this.#control = aperture.control;
    this.#commandRing = aperture.commandRing;
    this.#heapBytes = aperture.heap;
    this.#link = new HostApertureLink({ aperture: { ...aperture, heap }, doorbell: this.#doorbell, scheduler: this.#scheduler });
    this.heap = heapBytes === null ? null : this.#link.heap;
  }

  set onPacket(sink: PacketSink) {
    this.#link.onPacket = (words, begin, end) => {
      this.#scramble();
      sink(words, begin, end);
    };
  }

  set onFault(report: (fault: GuestFault) => void) {
    this.#link.onFault = report;
  }

  set onClose(report: (reason: CloseReason) => void) {
    this.#link.onClose = report;
  }

  /** In pieces, as the ring has room. */
  deliver(packet: Uint32Array): void {
    for (let at = 0; at < packet.length; ) {
      const tail = (this.#control[HEADER.commandTail] as number) >>> 0;
      const count = Math.min(packet.length - at, RING_WORDS, 1 + this.#random.below(RING_WORDS));
      for (let i = 0; i < count; i++) this.#commandRing[(tail + i) % RING_WORDS] = packet[at + i] as number;
      this.#control[HEADER.commandTail] = (tail + count) | 0;
      this.#doorbell.onRing();
      while (!this.#scheduler.isIdle) this.#turn();
      at += count;
    }
  }

  #turn(): void {
    this.#scheduler.nowMsValue += 1;
    this.#scheduler.turn();
    // The guest reads its replies.
    this.#control[HEADER.replyHead] = this.#control[HEADER.replyTail] as number;
  }

  #scramble(): void {
    const random = this.#random;
    for (let i = 0; i < SCRAMBLED_WORDS; i++) {
      this.#commandRing[random.below(RING_WORDS)] = random.u32();
      this.#heapBytes[random.below(this.#heapBytes.length)] = random.u32();
    }
    this.#control[random.pick([HEADER.guestSleeping, HEADER.hostWantsRoom, HEADER.guestWantsRoom])] = random.below(3);
    const index = random.pick(HARMLESS_WORDS);
    // The tail that the replies are read by stays: the guest would confuse nobody but itself.
    if (index !== HEADER.replyTail && index !== HEADER.commandHead) this.#control[index] = random.u32();
  }

  send(words: Uint32Array, begin: number, end: number): void {
    this.onReply(words, begin, end);
    this.#link.send(words, begin, end);
    this.#scramble();
  }

  publishCompleted(serial: number): void {
    this.#link.publishCompleted(serial);
  }

  pause(): void {
    this.isPaused = true;
    this.#link.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.#link.resume();
  }

  close(): void {
    this.#link.close();
  }
}

/** Packets as bytes in pieces of any size. */
export class StreamArena implements ArenaLink {
  readonly heap = null;
  onReply: PacketSink = () => {};
  isPaused = false;
  readonly #link: HostStreamLink;
  readonly #duplex = new HandDuplex();
  readonly #scheduler = new HandScheduler();
  readonly #random = new Random(2);

  constructor() {
    this.#link = new HostStreamLink({ duplex: this.#duplex, scheduler: this.#scheduler });
  }

  set onPacket(sink: PacketSink) {
    this.#link.onPacket = sink;
  }

  set onFault(report: (fault: GuestFault) => void) {
    this.#link.onFault = report;
  }

  set onClose(report: (reason: CloseReason) => void) {
    this.#link.onClose = report;
  }

  deliver(packet: Uint32Array): void {
    const bytes = new Uint8Array(packet.buffer, packet.byteOffset, packet.byteLength);
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + 1 + this.#random.below(64));
      this.#duplex.onBytes(bytes.slice(at, end));
      while (!this.#scheduler.isIdle) this.#scheduler.turn();
      at = end;
    }
    this.#duplex.roomBytes = Number.MAX_SAFE_INTEGER;
    this.#duplex.onWritable();
    this.#duplex.written.length = 0;
  }

  send(words: Uint32Array, begin: number, end: number): void {
    this.onReply(words, begin, end);
    this.#link.send(words, begin, end);
  }

  publishCompleted(serial: number): void {
    this.#link.publishCompleted(serial);
  }

  pause(): void {
    this.isPaused = true;
    this.#link.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.#link.resume();
  }

  close(): void {
    this.#link.close();
  }
}

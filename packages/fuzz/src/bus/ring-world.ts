import { GuestFault } from '@gpup/base';
import { HEADER, HostApertureLink, initializeHeader, layoutAperture, viewAperture } from '@gpup/bus';
import { type Finding, findingOf } from '../finding.ts';
import { HandDoorbell, HandScheduler } from './fake-platform.ts';
import { StreamModel } from './stream-model.ts';
import { watchAtomics } from './watched-atomics.ts';
import { watchRing } from './watched-ring.ts';

export interface RingWorldOptions {
  readonly position: number;
  readonly packetWordsMax: number;
  readonly replyBacklogBytesMax: number;
}

export const RING_BYTES = 4096;
const RING_WORDS = RING_BYTES / 4;

/** What the sink does with the next packet. */
type SinkAct = 'nothing' | 'fault' | 'pause' | `reply ${number}`;

/** What happens to a shared word right after it has been read. */
interface Flip {
  readonly index: number;
  readonly value: number;
}

/**
 * A host's end of an aperture with everything in the fuzzer's hands: the shared words, the doorbell, and
 * the event loop. Every access to shared memory is compared with what a careful host may do: each index
 * is read and checked before it is used, each ring word is read once, nothing is written beyond the room.
 */
export class RingWorld {
  readonly control: Int32Array;
  readonly commandRing: Uint32Array;
  readonly replyRing: Uint32Array;
  readonly #link: HostApertureLink;
  readonly #scheduler = new HandScheduler();
  readonly #doorbell = new HandDoorbell();
  readonly #stream: StreamModel;
  readonly #options: RingWorldOptions;
  finding: Finding | null = null;
  /** The code of the fault that ended the link. */
  faultCode: string | null = null;
  #isClosed = false;
  #isPaused = false;
  #row = '';

  // The command ring as a careful consumer knows it.
  #tail: number;
  #head: number;
  // The reply ring as a careful producer knows it.
  #replyTail: number;
  #replyHead: number;
  #replyPublished: number;
  /** Words sent and not yet written to the ring. */
  readonly #unwritten: number[] = [];
  #sentSerial = 0;
  /** Of packets whose execution came to its end. */
  #executedWords = 0;
  /** Faults that must come, in the order of their causes. */
  #dueFault: string | null = null;
  readonly #flips: Flip[] = [];
  #wordFlip: number | null = null;
  readonly sinkActs: SinkAct[] = [];

  constructor(options: RingWorldOptions) {
    this.#options = options;
    const { position } = options;
    const layout = layoutAperture({ commandRingBytes: RING_BYTES, replyRingBytes: RING_BYTES, heapBytes: 4096 });
    if (layout === null) throw new Error('No aperture has these sizes.');
    const aperture = viewAperture(new ArrayBuffer(layout.sizeBytes), layout);
    this.control = aperture.control;
    this.commandRing = aperture.commandRing;
    this.replyRing = aperture.replyRing;
    this.#tail = this.#head = this.#replyTail = this.#replyHead = this.#replyPublished = position;
    initializeHeader(this.control);
    for (const index of [HEADER.commandTail, HEADER.commandHead, HEADER.replyTail, HEADER.replyHead]) this.control[index] = position | 0;
    this.#stream = new StreamModel(options.packetWordsMax);
    watchAtomics({ array: this.control, loaded: (index, value) => this.#loaded(index, value >>> 0), stored: (index, value) => this.#stored(index, value >>> 0) });
    this.#link = new HostApertureLink({
      aperture: {
        ...aperture,
        commandRing: watchRing(this.commandRing, { read: (begin, end) => this.#ringRead(begin, end), written: () => this.#wrong('The host writes to the command ring.') }),
        replyRing: watchRing(this.replyRing, { read: () => this.#wrong('The host reads the reply ring.'), written: (begin, end) => this.#ringWritten(begin, end) }),
      },
      doorbell: this.#doorbell,
      scheduler: this.#scheduler,
      ...options,
    });
    this.#link.onPacket = (words, begin, end) => this.#received(words, begin, end);
    this.#link.onFault = (fault) => this.#faulted(fault.code);
    this.#link.onClose = () => {
      this.#isClosed = true;
    };
  }

  get isOver(): boolean {
    return this.finding !== null || this.#isClosed || this.faultCode !== null;
  }

  #wrong(message: string): void {
    this.finding ??= { kind: 'aperture', row: this.#row, message };
  }

  // What the host does to shared memory

  #loaded(index: number, value: number): void {
    if (index === HEADER.commandTail) this.#tailLoaded(value);
    if (index === HEADER.replyHead) this.#replyHeadLoaded(value);
    const flip = this.#flips.findIndex((each) => each.index === index);
    if (flip >= 0) this.control[index] = (this.#flips.splice(flip, 1)[0] as Flip).value | 0;
  }

  #tailLoaded(value: number): void {
    const readable = distance(this.#head, this.#tail) + distance(this.#tail, value);
    if (readable > RING_WORDS) this.#dueFault ??= 'ring-index';
    else if (this.#dueFault === null) this.#tail = value;
  }

  #replyHeadLoaded(value: number): void {
    if (distance(this.#replyHead, value) > distance(this.#replyHead, this.#replyTail)) this.#dueFault ??= 'ring-index';
    else if (this.#dueFault === null) this.#replyHead = value;
  }

  #stored(index: number, value: number): void {
    switch (index) {
      case HEADER.commandHead:
        if (value !== this.#head) this.#wrong(`The command head is set to ${value}, ${this.#head} has been read.`);
        break;
      case HEADER.replyTail:
        this.#published(value);
        break;
      case HEADER.executed:
        if (value !== (this.#options.position + this.#executedWords) >>> 0) this.#wrong(`The executed position is set to ${value}, ${this.#executedWords} words have been.`);
        break;
      case HEADER.commandTail:
      case HEADER.replyHead:
      case HEADER.magic:
      case HEADER.version:
        this.#wrong(`The host writes word ${index} of the header.`);
        break;
      default:
        break;
    }
  }

  /** The host copies words out: only such as the checked tail has given, each once and in order. */
  #ringRead(begin: number, end: number): void {
    const count = end - begin;
    if (count === 0) return;
    if (begin !== this.#head % RING_WORDS || count > distance(this.#head, this.#tail)) {
      this.#wrong(`The host reads words ${begin} to ${end}, ${distance(this.#head, this.#tail)} are known from ${this.#head % RING_WORDS} on.`);
      return;
    }
    this.#stream.add(this.commandRing.subarray(begin, end));
    this.#head = (this.#head + count) >>> 0;
    if (this.#wordFlip !== null) this.commandRing[begin] = this.#wordFlip;
    this.#wordFlip = null;
  }

  /** Into room that the checked head has given, and with what was sent. */
  #ringWritten(begin: number, end: number): void {
    const count = end - begin;
    if (count === 0) return;
    if (begin !== this.#replyTail % RING_WORDS || count > RING_WORDS - distance(this.#replyHead, this.#replyTail)) {
      this.#wrong(`The host writes words ${begin} to ${end} of the reply ring, there is room for ${RING_WORDS - distance(this.#replyHead, this.#replyTail)} from ${this.#replyTail % RING_WORDS} on.`);
      return;
    }
    for (let at = begin; at < end; at++) {
      if (this.replyRing[at] !== this.#unwritten.shift()) return this.#wrong(`Word ${at} of the reply ring is not what was sent.`);
    }
    this.#replyTail = (this.#replyTail + count) >>> 0;
  }

  #published(value: number): void {
    if (value !== this.#replyTail) this.#wrong(`The reply tail is set to ${value}, words up to ${this.#replyTail} are written.`);
    this.#replyPublished = value;
  }

  // What comes out of the link

  #received(words: Uint32Array, begin: number, end: number): void {
    const packet = words.slice(begin, end);
    const difference = this.faultCode !== null || this.#isClosed ? 'A packet is delivered after the end.' : this.#stream.delivered(packet);
    if (difference !== null) this.#wrong(difference);
    // The guest goes on writing while the packet is executed, over all that the host has read.
    for (let at = distance(this.#head, this.#tail); at < RING_WORDS; at++) this.commandRing[(this.#head + at) % RING_WORDS] = 0xdeadbeef;
    const act = this.sinkActs.shift() ?? 'nothing';
    if (act === 'pause') this.#setPaused(true);
    else if (act.startsWith('reply')) this.#reply(Number(act.slice(6)));
    if (words.slice(begin, end).some((word, index) => word !== packet[index])) this.#wrong('A packet changes while it is executed.');
    if (act === 'fault') {
      this.#dueFault ??= 'sink';
      throw new GuestFault('sink', 'by the fuzzer');
    }
    this.#executedWords += packet.length;
  }

  #faulted(code: string): void {
    const expected = this.#dueFault ?? (this.#stream.due.length === 0 ? this.#stream.fault : null);
    this.faultCode = code;
    if (code !== expected) this.#wrong(`The link faults with ${code}, expected ${expected ?? 'nothing'}.`);
  }

  #setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused) this.#link.pause();
    else this.#link.resume();
  }

  /** Throws what the link throws: the fault of the guest that does not read, or whose head lies. */
  #reply(wordCount: number): void {
    if (this.isOver) return;
    const words = Uint32Array.from({ length: wordCount }, () => ++this.#sentSerial);
    const queued = this.#unwritten.length;
    if (queued > 0 && (queued + wordCount) * 4 > this.#options.replyBacklogBytesMax) this.#dueFault ??= 'reply-backlog';
    else this.#unwritten.push(...words);
    this.#link.send(words, 0, wordCount);
    if (this.#dueFault === 'reply-backlog') this.#wrong('A reply is taken beyond the backlog.');
  }

  // What the guest and the event loop do

  /** Runs `action`; what it throws is a fault of a reply, or a bug of ours. */
  act(row: string, action: () => void): void {
    this.#row = row;
    try {
      action();
    } catch (error) {
      if (error instanceof GuestFault) this.#faulted(error.code);
      else this.finding ??= findingOf('bug', row, error);
    }
    if (this.finding === null && this.faultCode === null && this.#dueFault !== null) {
      this.#wrong(`The link goes on, a fault ${this.#dueFault} was due.`);
    }
  }

  ring(): void {
    this.#doorbell.onRing();
  }

  turn(ms: number): void {
    this.#scheduler.nowMsValue += ms;
    this.#scheduler.turn();
    if (this.isOver || this.#isPaused || !this.#scheduler.isIdle) return;
    const unreadWords = distance(this.#head, this.#tail);
    if (this.#stream.due.length > 0 || this.#stream.fault !== null || unreadWords > 0) {
      this.#wrong(`The link sleeps with ${unreadWords} words unread, ${this.#stream.due.length} packets undelivered and the fault ${this.#stream.fault ?? 'none'} unreported.`);
    }
  }

  pause(isPaused: boolean): void {
    this.#setPaused(isPaused);
  }

  reply(wordCount: number): void {
    this.#reply(wordCount);
  }

  peerGone(): void {
    this.#doorbell.onPeerGone('gone');
  }

  flipAfterRead(index: number, value: number): void {
    this.#flips.push({ index, value });
  }

  flipWordAfterRead(value: number): void {
    this.#wordFlip = value;
  }

  get publishedReplyTail(): number {
    return this.#replyPublished;
  }

  end(): void {
    watchAtomics(null);
  }
}

/** How far `to` is ahead of `from` in a stream of words. */
export function distance(from: number, to: number): number {
  return (to - from) >>> 0;
}

import { GuestFault } from '@gpup/base';
import type { CloseReason, HostLink, PacketSink } from '@gpup/bus';
import { INLINE, Reader } from '@gpup/wire';
import { OPCODES, REPLIES } from '@gpup/wire/numbers';
import { payloadAt } from '../generated/payload.gen.ts';
import { capturedReply, type CaptureWriter, type HeapPayload } from './capture-writer.ts';

/**
 * A link that keeps what passes through it: each packet before it is executed, so that the one that ends the
 * process is there, with its payload; and of each reply enough to tell a replay's apart.
 */
export class CaptureLink implements HostLink {
  readonly heap: Uint8Array | null;
  onPacket: PacketSink = () => {};
  onClose: (reason: CloseReason) => void = () => {};
  onFault: (fault: GuestFault) => void = () => {};
  readonly #inner: HostLink;
  readonly #writer: CaptureWriter;
  readonly #reader = new Reader();
  readonly #regions = new MappedRegions();
  #position = 0;

  constructor(inner: HostLink, writer: CaptureWriter) {
    this.#inner = inner;
    this.#writer = writer;
    this.heap = inner.heap;
    this.#reader.heap = inner.heap;
    inner.onPacket = (words, begin, end) => this.#deliver(words, begin, end);
    inner.onFault = (fault) => this.onFault(fault);
    inner.onClose = (reason) => {
      writer.end('closed');
      this.onClose(reason);
    };
  }

  send(words: Uint32Array, begin: number, end: number): void {
    const packet = words.subarray(begin, end);
    if (!this.#writer.isOver) {
      this.#writer.reply(capturedReply(packet, this.#regions.take(packet, this.heap)));
      if (packet[0] === REPLIES['Event.contextLost']) this.#writer.end('fault');
    }
    this.#inner.send(words, begin, end);
  }

  publishCompleted(serial: number): void {
    this.#inner.publishCompleted(serial);
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  close(): void {
    this.#inner.close();
  }

  #deliver(words: Uint32Array, begin: number, end: number): void {
    if (!this.#writer.isOver) {
      this.#regions.note(words, begin, end);
      this.#writer.packet(this.#position, words, { begin, end, payload: this.#payloadOf(words, begin, end) });
    }
    this.#position = (this.#position + end - begin) >>> 0;
    this.onPacket(words, begin, end);
  }

  /** Null where the payload is inside of the packet, where there is none, and where the packet is broken: it is executed as it is. */
  #payloadOf(words: Uint32Array, begin: number, end: number): HeapPayload | null {
    const reader = this.#reader;
    reader.open(words, begin + 2, end);
    try {
      const at = payloadAt(words[begin] as number, reader);
      if (at < 0) return null;
      const byteLength = reader.u32();
      const heapOffset = reader.u32();
      if (heapOffset === INLINE) return null;
      return { heapOffset, bytes: reader.heapRange(heapOffset, byteLength) };
    } catch (error) {
      if (error instanceof GuestFault) return null;
      throw error;
    }
  }
}

interface Region {
  readonly offset: number;
  readonly byteLength: number;
}

/** Where in the words of a request the region stands that it wants its bytes in: offset, then length. */
const REGION_WORDS: Readonly<Record<number, { readonly request: number; readonly region: number }>> = {
  [OPCODES['GPUBuffer.mapAsync']]: { request: 3, region: 9 },
  [OPCODES['GPUBuffer.readMapped']]: { request: 3, region: 6 },
};
/** Requests that are kept at once: a guest that has more open has its regions not compared. */
const REGION_COUNT_MAX = 4096;
const REPLY_REQUEST_WORD = 2;

/** Regions of the heap that open requests have named, so that what is delivered there can be compared. */
export class MappedRegions {
  readonly #byRequest = new Map<number, Region>();

  note(words: Uint32Array, begin: number, end: number): void {
    const places = REGION_WORDS[words[begin] as number];
    if (places === undefined || begin + places.region + 1 >= end || this.#byRequest.size >= REGION_COUNT_MAX) return;
    const offset = words[begin + places.region] as number;
    if (offset !== INLINE) this.#byRequest.set(words[begin + places.request] as number, { offset, byteLength: words[begin + places.region + 1] as number });
  }

  /** The bytes that this reply has delivered, or null. */
  take(reply: Uint32Array, heap: Uint8Array | null): Uint8Array | null {
    const isAnswer = reply[0] === REPLIES['Reply.done'] || reply[0] === REPLIES['Reply.error'];
    const request = reply[REPLY_REQUEST_WORD] as number;
    const region = isAnswer ? this.#byRequest.get(request) : undefined;
    if (region === undefined) return null;
    this.#byRequest.delete(request);
    if (heap === null || reply[0] !== REPLIES['Reply.done']) return null;
    return heap.subarray(region.offset, region.offset + region.byteLength);
  }
}

/**
 * What the two ends of the bus look like to the guest driver and to the VF, whatever carries the
 * words: an aperture (shared memory) or a byte stream.
 *
 * A link carries a stream of 32-bit little-endian words in each direction. It knows nothing of
 * packets except their framing: word 0 is the packet's opcode, word 1 its length in words, these
 * two included. Streams are reliable and ordered; a position in one is a word count mod 2^32.
 */

/** A half-open range of words in a buffer that the callee may read only until it returns. */
export type PacketSink = (words: Uint32Array, begin: number, end: number) => void;

export type CloseReason =
  /** The peer is gone: process ended, connection reset. `guilty`: what it names as the cause, in words of the link's user. */
  | { readonly kind: 'peer-gone'; readonly message: string; readonly guilty?: number }
  /** We closed the link ourselves. */
  | { readonly kind: 'closed' }
  /** More was sent than may wait, on a platform where the sender cannot be made to wait. */
  | { readonly kind: 'queue-full'; readonly message: string }
  /** The peer sent something that no correct peer sends. */
  | { readonly kind: 'protocol'; readonly message: string };

/** Bytes in the aperture that both ends can see. Allocated by the guest alone. */
export interface GuestHeap {
  readonly sizeBytes: number;
  /** The whole heap. The host may read it at any time, and writes only regions it was given. */
  readonly bytes: Uint8Array;
  /**
   * Reserves `byteLength` bytes for a payload that a packet of the next `send` names; the region frees
   * itself once the host has executed everything of that `send`. (So nothing may be sent between a
   * region and its packet.)
   * Returns the offset (a multiple of 8), or -1 if it does not fit now.
   */
  stage(byteLength: number): number;
  /** Reserves a region that stays until `release`. Returns the offset, or -1 if it does not fit. */
  reserve(byteLength: number): number;
  release(offset: number): void;
}

export interface GuestLink {
  /** Null on byte streams: payload then travels inside the packets. */
  readonly heap: GuestHeap | null;
  /** Largest packet the peer accepts, in words. */
  readonly packetWordsMax: number;
  onPacket: PacketSink;
  onClose: (reason: CloseReason) => void;
  /**
   * Appends whole packets to the stream and makes them visible to the host, waking it if it sleeps. A caller that
   * says `mayRingLater` calls `ringIfDue` at the end of the current task: a host that sleeps may sleep on until then.
   * The words are copied before it returns. What does not fit into the ring waits in a queue of
   * bounded size; where the platform can block, a caller that would overflow it waits for the host.
   */
  send(words: Uint32Array, begin: number, end: number, mayRingLater?: boolean): void;
  /** Wakes the host where a `send` has left that to be done. */
  ringIfDue(): void;
  /**
   * Blocks until the host has executed more of the stream than a caller has seen, at most `timeoutMs`.
   * Returns false at once where this platform cannot block, on byte streams, when everything sent is
   * executed already, or when the peer is gone. Replies that arrive meanwhile are kept for later
   * delivery.
   */
  waitForProgress(timeoutMs: number): boolean;
  /**
   * Blocks until the host has been heard of: bytes of a stream have arrived, or more of the stream has
   * been executed. At most `timeoutMs`; false when nothing came, or where this platform cannot block.
   * What has arrived is delivered by `poll`.
   */
  waitForHost(timeoutMs: number): boolean;
  /** Delivers, before it returns, the replies that have arrived: for a caller that has blocked for one. */
  poll(): void;
  /** Highest submit serial that the host says the GPU has completed. */
  completedSerial(): number;
  /**
   * Keeps the process alive while true: set while somebody waits for a reply. `isSoon`: for one that the
   * host gives as soon as it has read the request, which is worth looking for a little longer.
   */
  setWaiting(waiting: boolean, isSoon?: boolean): void;
  close(): void;
}

export interface HostLink {
  /** The guest may write any byte of it at any time: for payload that is only data. Null on streams. */
  readonly heap: Uint8Array | null;
  /**
   * Called with each whole packet, in order. The words are a private copy. May throw GuestFault.
   * Delivery stops while `pause()` holds.
   */
  onPacket: PacketSink;
  onClose: (reason: CloseReason) => void;
  /** A protocol violation found by the link itself, or thrown by onPacket. Delivery has stopped. */
  onFault: (fault: import('@gpup/base').GuestFault) => void;
  /** Queues a reply or event; bounded: throws GuestFault 'reply-backlog' if the guest does not read. */
  send(words: Uint32Array, begin: number, end: number): void;
  /** Publishes the serial of the last completed submit where a guest can read it without a message. */
  publishCompleted(serial: number): void;
  pause(): void;
  resume(): void;
  close(): void;
}

/** Every limit of the bus, in one place. Sizes in bytes unless the name says otherwise. */
export const BUS_LIMITS = {
  /** Command ring. 1 MiB holds a frame of some 50,000 commands; larger packets stream through it. */
  commandRingBytes: 1 << 20,
  replyRingBytes: 1 << 18,
  /**
   * Untouched pages of the heap cost nothing: memfd pages are allocated on first write. But V8 counts the
   * mapping whole, and starts a full collection once 64 MiB outside of its heap are new to it: with more than
   * this, each end would do so (5 to 10 ms) while it opens the link.
   */
  heapBytes: 48 << 20,
  /** Largest single packet, command or reply. A host buffer grows only as words really arrive. */
  packetWordsMax: (64 << 20) / 4,
  /** Replies that wait because the guest does not read; beyond this the guest is at fault. */
  replyBacklogBytesMax: 64 << 20,
  /** Commands that wait on the guest's side because the host does not read. */
  guestQueueBytesMax: 256 << 20,
} as const;

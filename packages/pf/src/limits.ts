/** Every limit of the host process, in one place. */
export const PF_LIMITS = {
  /** Of an ephemeral host; a daemon's partitions have limits of their own. Each context is a process with a GPU context: some 25 MB of host memory. */
  contextsMax: 64,
  /** Connections that have not said yet what they want. */
  halfOpenConnectionsMax: 32,
  /** Longest line of a guest on its control connection, newline included. Real ones have some 120 bytes. */
  guestLineBytesMax: 1024,
  /** From the connection to its first whole line. */
  helloMsMax: 5_000,
  /** How often a control connection is looked at of which a VF has a copy. Its guest's end shows at its VF's, too, and at once. */
  guestLookMs: 200,
  /** From the token to the data connection that presents it. */
  attachMsMax: 5_000,
  /** From the start of a VF process to its `ready`: opening a large hardware GPU takes seconds. */
  vfStartMsMax: 30_000,
  /** VF processes that wait for guests: some 20 MB of memory each, and on hardware perhaps some of the GPU's. */
  poolSizeMax: 16,
  /** From the coming of a guest, or the end of a waiting VF process, to the start of the next one for the pool. */
  refillDelayMs: 1_000,
  /** It doubles for each VF process that ends in the pool, up to this, until one becomes warm again. */
  refillDelayMsMax: 60_000,
  probeMsMax: 15_000,
  /** What a probe process may print: an adapter is some 3 KB. */
  probeOutputBytesMax: 1 << 20,
  /** From a question to a VF with a guest, to its answer. A ping has no such end: what its silence means is the timeout policy's. */
  vfAnswerMsMax: 5_000,
  /** What a VF that outlives its host may have printed before that is cut off. */
  vfLogBytesMax: 1 << 20,
  /** The tail of a VF's standard error that is kept for the message when it dies unexpectedly. */
  vfErrorTailBytes: 4096,
  /** From the end of a VF to that of its streams, which a process that it has started may hold for longer. */
  vfLastWordsMsMax: 500,
  /** From SIGKILL for the VFs to their end, when the host process itself ends. */
  shutdownMsMax: 2_000,
  /** Beyond this a budget is a slip of the pen: no adapter has so much. */
  vramBytesMax: 2 ** 40,
  /** Linux's PATH_MAX, without its final zero. */
  pathBytesMax: 4095,
  /** What a process that replays a capture may print: its report. */
  replayOutputBytesMax: 64 << 20,
  /** Offsets into the heap are 32-bit words. */
  heapBytesMax: 2 ** 31,
  /** Twice and more than 64, which is promised, and four times Microsoft's default (32). Admission is linear in it. */
  partitionsPerAdapterMax: 128,
  /** The slots of a partition's page. */
  contextsPartitionMax: 64,
  contextsPartitionDefault: 16,
  /** A name is part of a socket's path, which the kernel holds to 107 bytes. */
  partitionNameLengthMax: 40,
  /** What an empty context needs: its rings and the first pages of its heap. */
  hostBytesMin: 16 * 2 ** 20,
  /** Some contexts' whole apertures (50 MiB each) and a journal of the largest size (1 GiB). */
  hostBytesDefault: 4 * 2 ** 30,
  hostBytesMax: 2 ** 40,
  /** NVIDIA's are 1 and 30; longer turns are for adapters whose submits are long. */
  sliceMsMin: 1,
  sliceMsMax: 100,
  /**
   * A switch costs a software GPU one to two milliseconds, beginning with programs that are in no cache any more: eight guests
   * lose a seventh with 10 ms, a fourteenth with 30 ms (docs/scheduling.md). Whoever cannot wait for others' turns is interactive.
   */
  sliceMsDefault: 30,
  /** The smallest part of an adapter that a size can name is one of so many. */
  sizeDenominatorMax: 128,
  /** Of a partition: more than there are escapes, or features of WebGPU, for years. */
  escapesMax: 64,
  baselineNamesMax: 256,
  /** Adapters that rest on one software GPU. */
  softwareAdaptersMax: 16,
  /** `<directory>/partitions/<name>.sock` must fit into a socket's path (107 bytes) with the longest name. */
  runtimeDirectoryLengthMax: 50,
  pathLengthMax: 4096,
  /** A tenth of a processor, or all of some machine's. */
  vfProcessorPercentMin: 10,
  vfProcessorPercentMax: 409_600,
  orphanMsMin: 1_000,
  orphanMsMax: 86_400_000,
  tdrDelayMsMin: 100,
  tdrDelayMsMax: 3_600_000,
  tdrLimitCountMax: 1_000,
  tdrLimitTimeMsMin: 1_000,
  tdrLimitTimeMsMax: 3_600_000,
  /** Some thousand partitions with every field set. */
  definitionsBytesMax: 16 * 2 ** 20,
  configBytesMax: 2 ** 20,
  /** Of a host: some for each tenant that it has partitions for. */
  tokensMax: 1024,
  /** Of one token: the newest, and those that are taken for a while yet. */
  tokenSecretsMax: 4,
  tokenGraceMsDefault: 24 * 3_600_000,
  tokenGraceMsMax: 30 * 24 * 3_600_000,
  /** The largest number of tokens, with all of their secrets. */
  tokensBytesMax: 4 * 2 ** 20,
  /** As many lives of partitions as are kept, with every field set. */
  usageBytesMax: 16 * 2 ** 20,
  /** Lives of removed partitions that are told one by one; older ones are told in their tenant's sum alone. */
  usageRemovedMax: 1024,
  /** Tenants whose sums are kept; no partition is made for another one. A name for each job is some years' worth. */
  usageTenantsMax: 65_536,
} as const;

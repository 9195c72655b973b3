/** Why a guest may lose its GPU, or not get it, in the words that it is told; by what was done. */
export const REASONS = {
  vfKilled: /^lost .*VF process ended unexpectedly/,
  endedByHost: /^lost The context was ended by the host\.$/,
  partitionRemoved: /^(lost|refused partition-removed:) .*(is removed|does not exist any more)\.$/,
  blocked: /^(lost|refused partition-blocked:) Partition "[^"]+" is blocked until an operator unblocks it/,
  hostEnds: /^(lost|refused host-closing:) The host ends\.$/,
  adapterPartitioned: /^lost The adapter \S+ is shared by partitions from now on\.$/,
  /** What a guest is told that connects while its host comes or goes. */
  noHost: /^refused (host-gone|host-closing|attach-timeout|vf-start): |^lost The host process is gone\.$/,
  /** Its partition has all contexts that it may have. */
  full: /^refused (too-many-contexts|adapter-owned): /,
  /** Nobody is there to tell it why. */
  anyLoss: /^lost /,
  anyRefusal: /^refused /,
} as const;

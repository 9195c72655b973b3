/** Every limit of the Node face, in one place. */
export const GUEST_LIMITS = {
  /** Longest line that a host may write on a control connection, newline included. */
  hostLineBytesMax: 8192,
  /** From the request to the host's answer that takes no work: a longer silence is a dead host. */
  answerMsMax: 10_000,
  /** Until the VF is ready. A little more than the host process allows it, so that the host's reason arrives. */
  readyMsMax: 35_000,
  /** From the start of an ephemeral host to its line: choosing an adapter may take a probe, and an unpacking. */
  hostStartMsMax: 60_000,
  /** From the request to end to the end of an ephemeral host. */
  hostEndMsMax: 3_000,
  /** When the VF is gone, the host's sentence why follows soon, or the host is gone as well. */
  reasonMsMax: 500,
} as const;

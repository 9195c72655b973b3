/**
 * Every limit of a soak, in one place. Those of time are for hangs: what is late on a machine that has other things to do
 * is not wrong, so each is a hundred times and more of what is usual.
 */
export const SOAK_LIMITS = {
  minutesMax: 7 * 24 * 60,
  stepsMax: 1_000_000,

  /** The load: two cores have a software GPU and all of these processes to run. */
  partitionsMax: 4,
  guestsMax: 6,
  /** Of guests that hang the GPU, of hostile ones and of storms of requests: each. */
  backgroundMax: 1,

  /**
   * From a guest's round to its next one, or from its start to its first. A round takes some 10 ms; but a partition with a
   * sixteenth of an adapter pays back what another guest of it has taken, 20 s before it is timed out, in 320 s.
   */
  guestHangMsMax: 500_000,
  /** Of one step of the plan, and of what it leaves running: a guest's start waits for its first round. */
  stepMsMax: 600_000,
  /** From the end of all work until what is there is what must be. The pool's longest delay is 60 s. */
  settleMsMax: 180_000,
  /** The watch itself was not run for so long: the machine, or all of its processes, stood still, and nobody is blamed for that. */
  standstillMsMax: 15_000,

  lookMs: 1_000,
  settleLookMs: 250,
  /** A claim that a VF is about to take back stands on its page for microseconds, if the VF has a processor. */
  confirmMsMax: 10_000,
  /** From a refusal for too many requests to the next try. */
  rateRetryMs: 100,
} as const;

import type { Finding } from './finding.ts';
import type { Random } from './input/random.ts';

/** Everything that one session was given: plain data, enough to run it again without the fuzzer's dice. */
export interface Case {
  /** Anything but the steps: sizes, limits. */
  readonly options: unknown;
  /** Words separated by blanks: cutting a case down takes steps away, and then words. */
  readonly steps: readonly string[];
}

/** Told of each step before it is taken, so that one that never ends or ends the process is known. */
export interface StepLog {
  begin(options: unknown): void;
  step(step: string): void;
}

export interface Attempt {
  readonly inputCount: number;
  readonly finding: Finding | null;
  /** Made only when asked for: most sessions are forgotten. */
  toCase(): Case;
}

/** One entry that a guest has into the host. */
export interface Target {
  readonly name: string;
  /** Thinks of a session and runs it. */
  attempt(random: Random, log: StepLog | null): Promise<Attempt>;
  /** Runs a kept session; its finding, if it still has one. */
  replay(kept: Case): Promise<Finding | null>;
}

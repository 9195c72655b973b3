import type { AllocationEntry, SchedulingLine, Turn } from '@gpup/vf/boot';
import type { Reason } from './control-protocol.ts';

/** A context's VF process, whoever started it: this host process, or the one before it. */
export interface Vf {
  /** Names its files in the host's runtime directory. */
  readonly id: string;
  readonly pid: number;
  /** SIGKILL: an ordinary exit may crash in Dawn, or never come while the GPU hangs. The first reason stays. */
  kill(reason: Reason): void;
  /** Asks for a sign of life, unless one is awaited already. */
  ping(): void;
  /** When the sign of life that is awaited was asked for, in ms of the monotonic clock; null: none is. */
  readonly pingedMs: number | null;
  /** When the last sign of life was asked for that has come: then, or later, its thread had nothing else to do. 0: none has. */
  readonly answeredMs: number;
  /** Of all its memory; null: no limit. Where there is a control group. */
  limitMemory(bytes: number | null): void;
  /** What the partition opens to its guests from now on. */
  openEscapes(names: readonly string[]): void;
  /** Whether it does: one of an older build lets every submit through, and says nothing of turns. */
  readonly takesTurns: boolean;
  /**
   * Says what its turn is from now on. Where a VF does not read, only the newest turn is kept for it, so that a turn
   * may never be heard of, nor answered, that another one followed before it was answered. Several may have one
   * serial, so that it ends early, or later. `untilUs` is rounded down.
   */
  grantTurn(turn: Turn): void;
  /** There are no turns any more. */
  freeTurn(): void;
  /** The largest ones first. Null: it has not answered. */
  allocations(countMax: number): Promise<readonly AllocationEntry[] | null>;
}

/** Whoever has the VF process: the pool until it is assigned, then a context. */
export interface VfOwner {
  /** It waits for its assignment, before; it executes the guest's commands, after. */
  readonly onReady: () => void;
  /** What it says of the turn that it was given last, and of its guest's latency class: true or not, and at a bounded rate. */
  readonly onScheduling?: (line: SchedulingLine) => void;
  /** Called once, when the process has ended. */
  readonly onEnded: (reason: Reason) => void;
}

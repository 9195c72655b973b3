import type { Scheduling } from './fair-host.ts';
import type { GuestShare } from './outcome.ts';
import { PieceTally, driftPartOf } from './piece-tally.ts';
import { sum } from './shares.ts';
import type { Stage } from './stage.ts';

/** So long all of them work before a piece counts: guests whose programs are compiled, and who wait for each submit. */
export const PIECE_SETTLE_MS = 300;

export interface LapsOptions {
  readonly names: readonly string[];
  /** What is compared, one after the other within each step of a lap. */
  readonly schedulings: readonly Scheduling[];
  readonly lapCount: number;
  readonly promised: (scheduling: Scheduling, name: string) => number | null;
  readonly onStep: (what: string) => void;
}

/** What one way of scheduling came to. */
export interface Lapped {
  readonly guests: readonly GuestShare[];
  /** The sum of the shares in each lap alone: how far the figures can be trusted. */
  readonly sums: readonly number[];
}

/**
 * Guests that are alike, together under several ways of scheduling, and each of them alone. The pace of a machine changes
 * within seconds and by more than what is asked for, so that no two things are compared which were measured one after the
 * other: windows are cut into as many pieces as there are guests, and the pieces of everything take turns.
 */
export async function runLaps(stage: Stage, { names, schedulings, lapCount, promised, onStep }: LapsOptions): Promise<{ readonly lapped: readonly Lapped[]; readonly driftPart: number }> {
  const pieceMs = stage.timing.windowMs / names.length;
  const together = schedulings.map(() => new PieceTally(pieceMs));
  const alone = new PieceTally(pieceMs);
  for (let lap = 0; lap < lapCount; lap++) {
    for (const [i, name] of names.entries()) {
      onStep(`lap ${lap + 1}/${lapCount}, piece ${i + 1}/${names.length}`);
      const piece = (tally: PieceTally, workers: readonly string[], scheduling: Scheduling) => async (): Promise<void> => {
        await stage.schedule(scheduling);
        tally.add(lap, await stage.together(workers, pieceMs, PIECE_SETTLE_MS));
      };
      const pieces = schedulings.flatMap((scheduling, which) => [piece(alone, [name], { policy: 'best-effort' }), piece(together[which] as PieceTally, names, scheduling)]);
      await thereOrBack(i, pieces);
    }
  }
  const lapped = schedulings.map((scheduling, which): Lapped => {
    const tally = together[which] as PieceTally;
    const sharesIn = (lap?: number): readonly GuestShare[] => tally.sharesOf(names, { alone, lap, promised: (name) => promised(scheduling, name) });
    return { guests: sharesIn(), sums: Array.from({ length: lapCount }, (_, lap) => sum(sharesIn(lap).map(({ share }) => share))) };
  });
  return { lapped, driftPart: driftPartOf(alone, names, lapCount) };
}

/** One after the other, the other way round in every other step: a pace that falls all the time favours nobody. */
export async function thereOrBack(step: number, pieces: readonly (() => Promise<void>)[]): Promise<void> {
  for (const piece of step % 2 === 0 ? pieces : pieces.toReversed()) await piece();
}

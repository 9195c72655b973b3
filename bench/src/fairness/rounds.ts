import type { Scheduling } from './fair-host.ts';
import { thereOrBack } from './laps.ts';
import type { GuestShare } from './outcome.ts';
import { PieceTally, driftPartOf } from './piece-tally.ts';
import type { Stage } from './stage.ts';

/** The turns of one with long submits last for a fifth of a second: a piece has many of them. */
const PIECE_MS_MIN = 3000;
const LAP_COUNT = 3;

/** Guests that work at the same time. */
export interface RoundTake {
  readonly scheduling: Scheduling;
  readonly names: readonly string[];
}

export interface RoundsOptions {
  /** Of everybody who works in a take. */
  readonly names: readonly string[];
  readonly takes: readonly RoundTake[];
  readonly promised: (name: string) => number | null;
  readonly onStep: (what: string) => void;
}

/** What one take came to. */
export interface Rounded {
  readonly guests: readonly GuestShare[];
  /** In each lap, a window, alone: how far the figures can be trusted. */
  readonly laps: readonly (readonly GuestShare[])[];
}

/**
 * Guests that are not alike, several ways of working together, and each of them alone. In each round everything has a piece
 * of a window, for the reason that `runLaps` gives; here each guest is compared with itself, so each is alone in every round.
 */
export async function runRounds(stage: Stage, { names, takes, promised, onStep }: RoundsOptions): Promise<{ readonly rounded: readonly Rounded[]; readonly driftPart: number }> {
  const { windowMs } = stage.timing;
  const roundsPerLap = Math.max(1, Math.floor(windowMs / PIECE_MS_MIN));
  // With shorter windows nobody asks for figures.
  const lapCount = windowMs < PIECE_MS_MIN ? 1 : LAP_COUNT;
  const pieceMs = windowMs / roundsPerLap;
  const tallies = takes.map(() => new PieceTally(pieceMs));
  const alone = new PieceTally(pieceMs);
  const piece = (tally: PieceTally, lap: number, { scheduling, names: workers }: RoundTake) => async (): Promise<void> => {
    await stage.schedule(scheduling);
    tally.add(lap, await stage.together(workers, pieceMs));
  };
  for (let round = 0; round < lapCount * roundsPerLap; round++) {
    const lap = Math.floor(round / roundsPerLap);
    onStep(`round ${round + 1}/${lapCount * roundsPerLap}`);
    await thereOrBack(round, [
      ...takes.map((take, which) => piece(tallies[which] as PieceTally, lap, take)),
      ...names.map((name) => piece(alone, lap, { scheduling: { policy: 'best-effort' }, names: [name] })),
    ]);
  }
  const rounded = takes.map(({ names: workers }, which): Rounded => {
    const sharesIn = (lap?: number): readonly GuestShare[] => (tallies[which] as PieceTally).sharesOf(workers, { alone, lap, promised });
    return { guests: sharesIn(), laps: Array.from({ length: lapCount }, (_, lap) => sharesIn(lap)) };
  });
  return { rounded, driftPart: driftPartOf(alone, names, lapCount) };
}

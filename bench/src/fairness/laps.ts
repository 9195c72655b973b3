import type { Scheduling } from './fair-host.ts';
import type { GuestShare } from './outcome.ts';
import { type Pace, shareOf, sum } from './shares.ts';
import type { GuestFigures, Stage } from './stage.ts';

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
  const together = schedulings.map(() => new Tally(pieceMs));
  const alone = new Tally(pieceMs);
  for (let lap = 0; lap < lapCount; lap++) {
    for (const [i, name] of names.entries()) {
      onStep(`lap ${lap + 1}/${lapCount}, piece ${i + 1}/${names.length}`);
      const piece = (tally: Tally, workers: readonly string[], scheduling: Scheduling) => async (): Promise<void> => {
        await stage.schedule(scheduling);
        tally.add(lap, await stage.together(workers, pieceMs, PIECE_SETTLE_MS));
      };
      const pieces = schedulings.flatMap((scheduling, which) => [piece(alone, [name], { policy: 'best-effort' }), piece(together[which] as Tally, names, scheduling)]);
      await thereOrBack(i, pieces);
    }
  }
  const lapped = schedulings.map((scheduling, which): Lapped => {
    const tally = together[which] as Tally;
    const sharesIn = (lap?: number): readonly number[] => names.map((name) => shareOf(tally.paceOf(name, lap), [alone.paceOf(name, lap)]));
    const guests = names.map((name): GuestShare => ({ guest: name, share: shareOf(tally.paceOf(name), [alone.paceOf(name)]), promised: promised(scheduling, name), ...tally.figuresOf(name), alonePerSecond: perSecond(alone.paceOf(name)) }));
    return { guests, sums: Array.from({ length: lapCount }, (_, lap) => sum(sharesIn(lap))) };
  });
  const paces = Array.from({ length: lapCount }, (_, lap) => sum(names.map((name) => perSecond(alone.paceOf(name, lap)))));
  return { lapped, driftPart: 1 - Math.min(...paces) / Math.max(...paces) };
}

/** One after the other, the other way round in every other step: a pace that falls all the time favours nobody. */
export async function thereOrBack(step: number, pieces: readonly (() => Promise<void>)[]): Promise<void> {
  for (const piece of step % 2 === 0 ? pieces : pieces.toReversed()) await piece();
}

/** What guests did in the pieces of laps. */
class Tally {
  readonly #pieceMs: number;
  readonly #pieces: { readonly name: string; readonly lap: number; readonly figures: GuestFigures }[] = [];

  constructor(pieceMs: number) {
    this.#pieceMs = pieceMs;
  }

  add(lap: number, figures: ReadonlyMap<string, GuestFigures>): void {
    for (const [name, each] of figures) this.#pieces.push({ name, lap, figures: each });
  }

  /** In one lap, or in all of them. */
  paceOf(name: string, lap?: number): Pace {
    const pieces = this.#of(name, lap);
    return { submitCount: sum(pieces.map(({ submitCount }) => submitCount)), windowMs: this.#pieceMs * pieces.length };
  }

  figuresOf(name: string): Pick<GuestShare, 'submitCount' | 'heldPart' | 'turnCount'> {
    const { submitCount, windowMs } = this.paceOf(name);
    const pieces = this.#of(name);
    return { submitCount, heldPart: sum(pieces.map(({ heldMs }) => heldMs)) / windowMs, turnCount: sum(pieces.map(({ turnCount }) => turnCount)) };
  }

  #of(name: string, lap?: number): readonly GuestFigures[] {
    return this.#pieces.filter((piece) => piece.name === name && (lap === undefined || piece.lap === lap)).map(({ figures }) => figures);
  }
}

function perSecond({ submitCount, windowMs }: Pace): number {
  return (submitCount * 1000) / windowMs;
}

import type { GuestShare } from './outcome.ts';
import { type Pace, shareOf, sum } from './shares.ts';
import type { GuestFigures } from './stage.ts';

/** What guests did in pieces of windows, each of the same length and of some lap. */
export class PieceTally {
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

  /** What these guests had, as parts of what each of them did alone in the same lap, or in all of them. */
  sharesOf(names: readonly string[], { alone, lap, promised }: { readonly alone: PieceTally; readonly lap?: number | undefined; readonly promised: (name: string) => number | null }): readonly GuestShare[] {
    return names.map((name) => {
      const { submitCount, windowMs } = this.paceOf(name, lap);
      const pieces = this.#of(name, lap);
      const heldPart = sum(pieces.map(({ heldMs }) => heldMs)) / windowMs;
      const turnCount = sum(pieces.map((each) => each.turnCount));
      const pace = alone.paceOf(name, lap);
      return { guest: name, share: shareOf({ submitCount, windowMs }, [pace]), promised: promised(name), submitCount, heldPart, turnCount, alonePerSecond: perSecond(pace) };
    });
  }

  #of(name: string, lap?: number): readonly GuestFigures[] {
    return this.#pieces.filter((piece) => piece.name === name && (lap === undefined || piece.lap === lap)).map(({ figures }) => figures);
  }
}

/** By how much what guests do alone changed from the best lap to the worst. */
export function driftPartOf(alone: PieceTally, names: readonly string[], lapCount: number): number {
  const paces = Array.from({ length: lapCount }, (_, lap) => sum(names.map((name) => perSecond(alone.paceOf(name, lap)))));
  return 1 - Math.min(...paces) / Math.max(...paces);
}

function perSecond({ submitCount, windowMs }: Pace): number {
  return (submitCount * 1000) / windowMs;
}

import type { Scheduling } from './fair-host.ts';
import type { GuestShare } from './outcome.ts';
import { type Pace, shareOf, sum } from './shares.ts';
import type { Figures, Stage } from './stage.ts';

/** Of a window: how long each guest is measured alone, before and after each thing that it is compared with. */
const ALONE_PART = 1 / 4;

/** What guests did together, and what each of them does alone around that time. */
export class Taken {
  readonly figures: Figures;
  readonly #windowMs: number;
  readonly #alone: readonly Paces[];

  constructor({ figures, windowMs, alone }: { readonly figures: Figures; readonly windowMs: number; readonly alone: readonly Paces[] }) {
    this.figures = figures;
    this.#windowMs = windowMs;
    this.#alone = alone;
  }

  /** With what the policy promises each of them. */
  sharesOf(promised: (name: string) => number | null): GuestShare[] {
    const windowMs = this.#windowMs;
    return [...this.figures].map(([guest, { submitCount, heldMs, turnCount }]) => {
      const alone = this.#alone.flatMap((paces) => paces.get(guest) ?? []);
      const alonePerSecond = (1000 * sum(alone.map((each) => each.submitCount))) / sum(alone.map((each) => each.windowMs));
      return { guest, share: shareOf({ submitCount, windowMs }, alone), promised: promised(guest), submitCount, heldPart: heldMs / windowMs, turnCount, alonePerSecond };
    });
  }
}

type Paces = ReadonlyMap<string, Pace>;

/**
 * What each guest does alone, under best-effort, which stands in nobody's way. The pace of a machine changes within
 * seconds, so that whatever is compared with it lies between two measurements of it, and is compared with these only.
 */
export class Baseline {
  readonly #stage: Stage;
  readonly #onStep: (what: string) => void;
  readonly #rounds: Paces[] = [];

  constructor(stage: Stage, onStep: (what: string) => void) {
    this.#stage = stage;
    this.#onStep = onStep;
  }

  /** The named guests, or all, work together on these terms. */
  async take(scheduling: Scheduling, { title, names }: { readonly title: string; readonly names?: readonly string[] }): Promise<Taken> {
    const before = this.#rounds.at(-1) ?? (await this.#measure());
    this.#onStep(title);
    await this.#stage.schedule(scheduling);
    const figures = await this.#stage.together(names);
    return new Taken({ figures, windowMs: this.#stage.timing.windowMs, alone: [before, await this.#measure()] });
  }

  async #measure(): Promise<Paces> {
    this.#onStep(`${this.#stage.guestCount} guests, each alone`);
    await this.#stage.schedule({ policy: 'best-effort' });
    const windowMs = this.#stage.timing.windowMs * ALONE_PART;
    const paces = new Map([...(await this.#stage.alone(windowMs))].map(([name, { submitCount }]) => [name, { submitCount, windowMs }]));
    this.#rounds.push(paces);
    return paces;
  }

  /** The largest change of a guest's pace from one measurement alone to the next. */
  get driftPart(): number {
    return Math.max(0, ...this.#rounds.slice(1).flatMap((paces, i) => [...paces].map(([name, { submitCount }]) => changeOf(this.#rounds[i]?.get(name)?.submitCount ?? 0, submitCount))));
  }
}

function changeOf(before: number, after: number): number {
  return Math.abs(after - before) / Math.max(before, after, 1);
}

import type { Scheduling } from './fair-host.ts';
import type { GuestShare } from './outcome.ts';
import { type Pace, shareOf, sum } from './shares.ts';
import type { Figures, Stage } from './stage.ts';

/** Of a window: how long each guest is measured alone, before and after each thing that it is compared with. */
const ALONE_PART = 1 / 4;

type Paces = ReadonlyMap<string, Pace>;

/** Of guests that worked together, by what each of them does alone around that time. */
export function sharesOf(figures: Figures, { windowMs, alone, promised }: { readonly windowMs: number; readonly alone: readonly Paces[]; readonly promised: (name: string) => number | null }): GuestShare[] {
  return [...figures].map(([guest, { submitCount, heldMs, turnCount }]) => {
    const paces = alone.flatMap((each) => each.get(guest) ?? []);
    const alonePerSecond = (1000 * sum(paces.map((each) => each.submitCount))) / sum(paces.map((each) => each.windowMs));
    return { guest, share: shareOf({ submitCount, windowMs }, paces), promised: promised(guest), submitCount, heldPart: heldMs / windowMs, turnCount, alonePerSecond };
  });
}

/** A window that is compared with what guests do alone. */
export interface Take {
  readonly title: string;
  readonly scheduling: Scheduling;
  /** Default: all. */
  readonly names?: readonly string[] | undefined;
  /** By the policy. */
  readonly promised: (name: string) => number | null;
}

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

  async take({ title, scheduling, names, promised }: Take): Promise<GuestShare[]> {
    const before = this.#rounds.at(-1) ?? (await this.#measure());
    this.#onStep(title);
    await this.#stage.schedule(scheduling);
    const figures = await this.#stage.together(names);
    const { windowMs } = this.#stage.timing;
    return sharesOf(figures, { windowMs, alone: [before, await this.#measure()], promised });
  }

  async #measure(): Promise<Paces> {
    this.#onStep('each guest alone');
    await this.#stage.schedule({ policy: 'best-effort' });
    const windowMs = this.#stage.timing.windowMs * ALONE_PART;
    const paces = new Map([...(await this.#stage.alone(windowMs))].map(([name, { submitCount }]) => [name, { submitCount, windowMs }]));
    this.#rounds.push(paces);
    return paces;
  }

  /** The largest change of a guest's pace from one measurement alone to the next. */
  get driftPart(): number {
    const changes = this.#rounds.slice(1).flatMap((after, i) => {
      const before = this.#rounds[i] as Paces;
      return [...after].map(([name, { submitCount }]) => changeOf(before.get(name)?.submitCount ?? 0, submitCount));
    });
    return Math.max(0, ...changes);
  }
}

function changeOf(before: number, after: number): number {
  return Math.abs(after - before) / Math.max(before, after, 1);
}

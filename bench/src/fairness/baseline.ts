import type { GuestShare } from './outcome.ts';
import { type Pace, shareOf, sum } from './shares.ts';
import type { Figures, Stage } from './stage.ts';

/**
 * What each guest does alone. It is measured before and after what it is compared with, since the pace of a machine
 * changes, and under best-effort, which stands in nobody's way.
 */
export class Baseline {
  readonly #stage: Stage;
  readonly #paces = new Map<string, Pace[]>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Each guest's turn is half of a window: it is taken twice. */
  async measure(): Promise<void> {
    await this.#stage.schedule({ policy: 'best-effort' });
    const windowMs = this.#stage.timing.windowMs / 2;
    for (const [name, { submitCount }] of await this.#stage.alone(windowMs)) {
      this.#paces.set(name, [...(this.#paces.get(name) ?? []), { submitCount, windowMs }]);
    }
  }

  /** Of those who worked together, with what the policy promises each of them. */
  sharesOf(figures: Figures, promised: (name: string) => number | null): GuestShare[] {
    const { windowMs } = this.#stage.timing;
    return [...figures].map(([guest, { submitCount, heldMs, turnCount }]) => {
      const alone = this.#paces.get(guest) ?? [];
      const alonePerSecond = (1000 * sum(alone.map((each) => each.submitCount))) / sum(alone.map((each) => each.windowMs));
      return { guest, share: shareOf({ submitCount, windowMs }, alone), promised: promised(guest), submitCount, heldPart: heldMs / windowMs, turnCount, alonePerSecond };
    });
  }

  /** The largest change of a guest's pace between its first and its last time alone. */
  get driftPart(): number {
    const drifts = [...this.#paces.values()].map((paces) => {
      const [first, last] = [paces[0]?.submitCount ?? 0, paces.at(-1)?.submitCount ?? 0];
      return Math.abs(last - first) / Math.max(first, last, 1);
    });
    return Math.max(0, ...drifts);
  }
}

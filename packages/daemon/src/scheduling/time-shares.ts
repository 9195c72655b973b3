/** What partitions of one adapter have held of its time in all, by name. */
export type HeldTimes = ReadonlyMap<string, number>;

interface Sample {
  readonly atUs: number;
  readonly heldUs: HeldTimes;
}

const WINDOW_US = 1_000_000;

/** The part of an adapter's time that each partition has held of late: over the last second, or a little more. */
export class TimeShares {
  readonly #samples: Sample[] = [];

  note(atUs: number, heldUs: HeldTimes): void {
    this.#samples.push({ atUs, heldUs });
    // The first one is as old as the window, or the last one that is older.
    while (this.#samples.length > 2 && (this.#samples[1] as Sample).atUs <= atUs - WINDOW_US) this.#samples.shift();
  }

  /** 0 until there are two samples. Where VFs say of themselves what they held, it may overlap: then they divide what there is. */
  shareOf(name: string): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || first === last) return 0;
    const heldUs = (of: string): number => Math.max(0, (last.heldUs.get(of) ?? 0) - (first.heldUs.get(of) ?? 0));
    const totalUs = [...last.heldUs.keys()].reduce((sum, of) => sum + heldUs(of), 0);
    return heldUs(name) / Math.max(last.atUs - first.atUs, totalUs);
  }
}

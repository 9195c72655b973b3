/** Something that must not be. */
export interface Violation {
  readonly invariant: string;
  readonly message: string;
  /** The step that was the last to begin. */
  readonly stepIndex: number;
  readonly atMs: number;
}

/** What a soak has found, and what it has done. */
export class Findings {
  readonly violations: Violation[] = [];
  readonly #counts = new Map<string, number>();
  readonly #startMs = performance.now();
  stepIndex = -1;

  get isClean(): boolean {
    return this.violations.length === 0;
  }

  violate(invariant: string, message: string): void {
    this.violations.push({ invariant, message, stepIndex: this.stepIndex, atMs: Math.round(performance.now() - this.#startMs) });
  }

  /** `group.what`. */
  count(what: string, by = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + by);
  }

  countOf(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  /** By group, each in alphabetic order. */
  counts(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    const groups: Record<string, Record<string, number>> = {};
    for (const [what, count] of [...this.#counts].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const [group = '', ...rest] = what.split('.');
      (groups[group] ??= {})[rest.join('.')] = count;
    }
    return groups;
  }
}

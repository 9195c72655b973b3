interface Account {
  /** Charged time over weight. */
  virtualUs: number;
  weight: number;
  /** Number of its last turn, to be fair among equals. */
  lastTurn: number;
}

/**
 * Who has had how much, by virtual time: the time for which somebody held the adapter, divided by their weight. Whoever has
 * least is next. Invariants:
 *   - The floor is where the one of least virtual time among those that compete stands, or stood; it never falls.
 *   - Nobody who competes is below the floor: who was away joins at the floor, so that nobody saves time up by staying away;
 *     who was charged for more than their turn stays above it until the others have caught up, also when they were away.
 */
export class VirtualTimes {
  readonly #accounts = new Map<string, Account>();
  #competing = new Set<string>();
  #floorUs = 0;
  #turnCount = 0;

  /** These compete from now on, and nobody else. What somebody owes is kept as time when their weight changes. */
  compete(weights: ReadonlyMap<string, number>): void {
    for (const [name, weight] of weights) this.#join(name, weight);
    this.#competing = new Set(weights.keys());
    this.#raiseFloor();
  }

  #join(name: string, weight: number): void {
    const account = this.#accounts.get(name);
    if (account === undefined) {
      this.#accounts.set(name, { virtualUs: this.#floorUs, weight, lastTurn: 0 });
      return;
    }
    const owedUs = Math.max(0, account.virtualUs - this.#floorUs) * account.weight;
    account.virtualUs = this.#floorUs + owedUs / weight;
    account.weight = weight;
  }

  /** Somebody who may just now compete. */
  forget(name: string): void {
    this.#accounts.delete(name);
    this.#competing.delete(name);
  }

  competes(name: string): boolean {
    return this.#competing.has(name);
  }

  charge(name: string, heldUs: number): void {
    const account = this.#accounts.get(name);
    if (account === undefined) return;
    account.virtualUs += heldUs / account.weight;
    this.#raiseFloor();
  }

  /** How much it has had beyond what it would have at the floor. */
  aheadUs(name: string): number {
    const account = this.#accounts.get(name);
    return account === undefined ? 0 : Math.max(0, account.virtualUs - this.#floorUs) * account.weight;
  }

  /** Who is next: the one of least virtual time; among equals one that is `preferred`, then the one whose last turn is longest ago. */
  next(preferred: (name: string) => boolean): string | null {
    let best: string | null = null;
    for (const name of this.#competing) if (best === null || this.#isBefore(name, best, preferred)) best = name;
    return best;
  }

  #isBefore(one: string, other: string, preferred: (name: string) => boolean): boolean {
    const [first, second] = [this.#of(one), this.#of(other)];
    if (first.virtualUs !== second.virtualUs) return first.virtualUs < second.virtualUs;
    if (preferred(one) !== preferred(other)) return preferred(one);
    return first.lastTurn < second.lastTurn;
  }

  /** For how long it can hold the adapter before somebody else has had less. */
  leadUs(name: string): number {
    const account = this.#of(name);
    let nextUs = Number.POSITIVE_INFINITY;
    for (const other of this.#competing) if (other !== name) nextUs = Math.min(nextUs, this.#of(other).virtualUs);
    return Math.max(0, nextUs - account.virtualUs) * account.weight;
  }

  turnBegins(name: string): void {
    this.#of(name).lastTurn = ++this.#turnCount;
  }

  /** Time in which nobody wanted anything goes by as if each had had their turns: those who have had least first. */
  pass(us: number): void {
    const accounts = [...this.#competing].map((name) => this.#of(name)).sort((one, other) => one.virtualUs - other.virtualUs);
    let leftUs = us;
    let weight = 0;
    for (const [index, account] of accounts.entries()) {
      weight += account.weight;
      const levelUs = account.virtualUs;
      const upToUs = accounts[index + 1]?.virtualUs ?? Number.POSITIVE_INFINITY;
      const stepUs = Math.min(upToUs - levelUs, leftUs / weight);
      const isFull = upToUs - levelUs <= leftUs / weight;
      for (const lower of accounts.slice(0, index + 1)) lower.virtualUs = isFull ? upToUs : levelUs + stepUs;
      leftUs -= stepUs * weight;
      if (!isFull) break;
    }
    this.#raiseFloor();
  }

  #raiseFloor(): void {
    let least = Number.POSITIVE_INFINITY;
    for (const name of this.#competing) least = Math.min(least, this.#of(name).virtualUs);
    if (least !== Number.POSITIVE_INFINITY) this.#floorUs = Math.max(this.#floorUs, least);
  }

  #of(name: string): Account {
    return this.#accounts.get(name) as Account;
  }
}

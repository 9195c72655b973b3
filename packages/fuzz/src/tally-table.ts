/** How often each operation of each target came to each outcome. */
export class TallyTable {
  readonly #counts = new Map<string, Map<string, number>>();

  add(target: string, operation: string, outcome: string, count = 1): void {
    const row = `${target} ${operation}`;
    let outcomes = this.#counts.get(row);
    if (outcomes === undefined) this.#counts.set(row, (outcomes = new Map()));
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
  }

  toJSON(): Record<string, Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort().map(([row, outcomes]) => [row, Object.fromEntries([...outcomes].sort())]));
  }

  merge(table: Readonly<Record<string, Readonly<Record<string, number>>>>): void {
    for (const [row, outcomes] of Object.entries(table)) {
      const [target = '', operation = ''] = row.split(' ');
      for (const [outcome, count] of Object.entries(outcomes)) this.add(target, operation, outcome, count);
    }
  }

  format(): string {
    return Object.entries(this.toJSON())
      .map(([row, outcomes]) => `${row}: ${Object.entries(outcomes).map(([outcome, count]) => `${outcome} ${count}`).join(', ')}`)
      .join('\n');
  }
}

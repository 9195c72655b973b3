import { makeRows, OUTCOMES, type Row } from './cells.ts';
import type { Random } from './input/random.ts';

export interface Cell {
  readonly row: Row;
  readonly outcome: string;
  count: number;
}

/** How often each packet and each recorded command came to each outcome. */
export class OutcomeTable {
  readonly rows: readonly Row[] = makeRows();
  /** The cells that can be filled. */
  readonly cells: readonly Cell[];
  readonly #byName = new Map<string, Map<string, Cell>>();
  /** Outcomes that the schema says cannot be; each is a mistake of ours. */
  readonly unexpected = new Map<string, number>();

  constructor() {
    const cells: Cell[] = [];
    for (const row of this.rows) {
      const byOutcome = new Map<string, Cell>();
      for (const outcome of row.possible) {
        const cell: Cell = { row, outcome, count: 0 };
        cells.push(cell);
        byOutcome.set(outcome, cell);
      }
      this.#byName.set(row.name, byOutcome);
    }
    this.cells = cells;
  }

  add(row: string, outcome: string, count = 1): void {
    const cell = this.#byName.get(row)?.get(outcome);
    if (cell !== undefined) cell.count += count;
    else this.unexpected.set(`${row} × ${outcome}`, (this.unexpected.get(`${row} × ${outcome}`) ?? 0) + count);
  }

  /** Of a few cells, the one with the fewest hits: what is rare is tried more often. */
  rare(random: Random, accepts: (cell: Cell) => boolean): Cell {
    let best: Cell | null = null;
    for (let tries = 0; tries < 24; tries++) {
      const cell = random.pick(this.cells);
      if (accepts(cell) && (best === null || cell.count < best.count)) best = cell;
    }
    return best ?? random.pick(this.cells);
  }

  get countMin(): number {
    return this.cells.reduce((least, cell) => Math.min(least, cell.count), Number.POSITIVE_INFINITY);
  }

  /** Counts by row and outcome: what is written to files and passed between threads. */
  toJSON(): Record<string, Record<string, number>> {
    const table: Record<string, Record<string, number>> = {};
    for (const [name, cells] of this.#byName) {
      table[name] = Object.fromEntries([...cells.values()].map(({ outcome, count }) => [outcome, count]));
    }
    return table;
  }

  merge(table: Readonly<Record<string, Readonly<Record<string, number>>>>): void {
    for (const [row, outcomes] of Object.entries(table)) {
      for (const [outcome, count] of Object.entries(outcomes)) this.add(row, outcome, count);
    }
  }

  /** One line a row: the outcomes that can be, with their counts. */
  format(): string {
    const lines: string[] = [];
    for (const [name, cells] of this.#byName) {
      const order = [...cells.values()].sort((a, b) => OUTCOMES.indexOf(a.outcome) - OUTCOMES.indexOf(b.outcome));
      lines.push(`${name}: ${order.map(({ outcome, count }) => `${outcome} ${count}`).join(', ')}`);
    }
    return lines.join('\n');
  }
}

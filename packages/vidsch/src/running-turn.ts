import type { Gate } from './gate.ts';

export interface TurnPlan {
  /** Of the partition, or `UNASSIGNED`. */
  readonly name: string;
  readonly startUs: number;
  readonly untilUs: number;
  /** It ends when there is nothing to do. */
  readonly yields: boolean;
  /** It was given before others whose turn it was. */
  readonly isOutOfOrder: boolean;
}

/** The turn that goes on: whose it is, and which of their contexts have been let in. */
export class RunningTurn {
  readonly name: string;
  readonly startUs: number;
  readonly yields: boolean;
  readonly isOutOfOrder: boolean;
  #untilUs: number;
  /** Until then those that were let in submit, unless they have heard of an earlier end. */
  readonly #grantedUntilUs: number;
  /** Those that were let in; each once. */
  readonly #gates = new Set<Gate>();
  #firstGrantUs: number | null = null;
  #excusedUs = 0;
  #isTold = false;

  constructor({ name, startUs, untilUs, yields, isOutOfOrder }: TurnPlan) {
    this.name = name;
    this.startUs = startUs;
    this.#untilUs = untilUs;
    this.#grantedUntilUs = untilUs;
    this.yields = yields;
    this.isOutOfOrder = isOutOfOrder;
  }

  get untilUs(): number {
    return this.#untilUs;
  }

  get grantedUntilUs(): number {
    return this.#grantedUntilUs;
  }

  /** It was ended before its time. */
  get isTold(): boolean {
    return this.#isTold;
  }

  /** Those that have not said that all is over. */
  get holders(): readonly Gate[] {
    return [...this.#gates].filter(({ holds }) => holds);
  }

  /** None of its contexts holds the adapter. */
  get isVacant(): boolean {
    for (const { holds } of this.#gates) if (holds) return false;
    return true;
  }

  /** All of those that hold the adapter have nothing to do. */
  get isIdle(): boolean {
    for (const gate of this.#gates) if (gate.holds && !gate.isIdle) return false;
    return true;
  }

  /** Lets in those that wait. One that has given its turn up does not get it back. */
  letIn(gates: Iterable<Gate>, nowUs: number): void {
    for (const gate of gates) {
      if (!gate.waits || this.#gates.has(gate)) continue;
      this.#gates.add(gate);
      this.#firstGrantUs ??= nowUs;
      gate.open({ untilUs: this.#untilUs, yields: this.yields });
    }
  }

  /** Lets nobody in any more: it ends when what was submitted is finished. */
  end(nowUs: number): void {
    if (this.#isTold) return;
    this.#isTold = true;
    // Where its time is up they know it.
    if (nowUs < this.#untilUs) for (const gate of this.holders) gate.close();
    this.#untilUs = Math.min(this.#untilUs, nowUs);
  }

  /** It is gone, or the turn ends without it. */
  remove(gate: Gate): void {
    this.#gates.delete(gate);
  }

  hasEnded(nowUs: number): boolean {
    return this.isVacant && (this.yields || nowUs >= this.#untilUs);
  }

  /** The host stood still for so long: nobody could have ended the turn. */
  excuse(us: number): void {
    this.#excusedUs += us;
  }

  /** What it is charged for. */
  chargedUs(nowUs: number): number {
    return nowUs - this.startUs - this.#excusedUs;
  }

  /** For how long its contexts have held the adapter, idle or not. */
  heldUs(nowUs: number): number {
    return this.#firstGrantUs === null ? 0 : nowUs - this.#firstGrantUs;
  }
}

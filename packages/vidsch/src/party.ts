import type { Gate } from './gate.ts';
import { SCHEDULER_LIMITS } from './limits.ts';

/** A partition as the scheduler sees it: its contexts share its turns. */
export class Party {
  readonly name: string;
  readonly gates = new Set<Gate>();
  /** For which its contexts held the adapter in turns that have ended. */
  heldUs = 0;
  /** In which at least one context held the adapter. */
  turnCount = 0;
  /** Until then it has no further turn: it has given its last one up at once. */
  restsUntilUs = 0;
  /** Those that have not finished what they were let do before there were turns, or before their turn ended without them. */
  readonly #emptying = new Set<Gate>();
  #emptyingSinceUs = 0;
  #isLookDue = false;

  constructor(name: string) {
    this.name = name;
  }

  /** It has a guest. */
  get isRunning(): boolean {
    return this.gates.size > 0;
  }

  /** A submit of one of its contexts waits. */
  get waits(): boolean {
    for (const gate of this.gates) if (gate.waits) return true;
    return false;
  }

  get isEmptying(): boolean {
    return this.#emptying.size > 0;
  }

  /** There are turns from now on, and it has none before what it has submitted until now is finished. */
  empty(nowUs: number): void {
    for (const gate of this.gates) {
      if (gate.state === 'free') gate.close();
      if (gate.holds) this.awaitEmpty(gate, nowUs);
    }
  }

  /** It has no turn before this one of its contexts has finished. */
  awaitEmpty(gate: Gate, nowUs: number): void {
    if (this.#emptying.size === 0) {
      this.#emptyingSinceUs = nowUs;
      this.#isLookDue = true;
    }
    this.#emptying.add(gate);
  }

  /** Those that are waited for and have had time to say that they are done: told once. */
  silentSince(nowUs: number): readonly Gate[] {
    if (nowUs < this.silentFromUs) return [];
    this.#isLookDue = false;
    return [...this.#emptying].filter((gate) => gate.holds && this.gates.has(gate));
  }

  /** When those that are waited for are to be looked at. Infinity: they are not. */
  get silentFromUs(): number {
    return this.#isLookDue && this.#emptying.size > 0 ? this.#emptyingSinceUs + SCHEDULER_LIMITS.silentUs : Number.POSITIVE_INFINITY;
  }

  /** Nothing of it was unfinished: it is not waited for, nor charged for that it does not say so. */
  emptied(gate: Gate): void {
    this.#emptying.delete(gate);
  }

  /** There are no turns any more: nothing is waited for, nor charged for. */
  forgetEmptying(): void {
    this.#emptying.clear();
    this.#isLookDue = false;
  }

  /** How long it took to finish that, once it has, or for how long it was waited for; null else. */
  emptiedUs(nowUs: number): number | null {
    if (this.#emptying.size === 0) return null;
    for (const gate of this.#emptying) if (!gate.holds || !this.gates.has(gate)) this.#emptying.delete(gate);
    if (nowUs >= this.emptyingUntilUs) this.#emptying.clear();
    return this.#emptying.size === 0 ? nowUs - this.#emptyingSinceUs : null;
  }

  /** A VF that never says so would keep the other contexts of its partition waiting for ever. Infinity: nothing is waited for. */
  get emptyingUntilUs(): number {
    return this.#emptying.size === 0 ? Number.POSITIVE_INFINITY : this.#emptyingSinceUs + SCHEDULER_LIMITS.unfinishedUsMax;
  }

  /** The host stood still for so long. */
  excuse(us: number): void {
    this.#emptyingSinceUs += us;
  }
}

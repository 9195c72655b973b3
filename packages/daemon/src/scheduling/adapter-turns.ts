import { monotonicUs } from '@gpup/os';
import type { Context, TurnLine } from '@gpup/pf/core';
import type { SlotView } from '@gpup/vidmm';
import { type SchedulingTerms, TurnScheduler } from '@gpup/vidsch';
import { SilentVf } from './silent-vf.ts';

/** A context that has held the adapter for longer beyond its turn than it may. */
export interface Overrun {
  readonly context: Context;
  readonly beyondUs: number;
}

/** The scheduler of one adapter, with the VFs that it gives turns to, and its timer. */
export class AdapterTurns {
  readonly #contexts = new Map<number, { readonly context: Context; readonly silent: SilentVf }>();
  readonly #scheduler: TurnScheduler;
  #timer: NodeJS.Timeout | undefined;
  #overruns: Overrun[] = [];

  /** `slotOf`: what a context's VF says of itself on its partition's page; undefined: it has no place there. */
  constructor(terms: SchedulingTerms, slotOf: (context: Context) => SlotView | undefined) {
    this.#scheduler = new TurnScheduler(terms, {
      nowUs: monotonicUs,
      grant: (id, turn) => this.#contexts.get(id)?.context.vf?.grantTurn(turn),
      free: (id) => this.#contexts.get(id)?.context.vf?.freeTurn(),
      wakeAt: (us) => this.#wakeAt(us),
      signsOf: (id) => {
        const { context, silent } = this.#contexts.get(id) ?? {};
        return context === undefined ? 'finished' : (silent?.signs(slotOf(context), monotonicUs()) ?? 'unfinished');
      },
      overran: (id, beyondUs) => this.#overran(id, beyondUs),
    });
  }

  get scheduler(): TurnScheduler {
    return this.#scheduler;
  }

  /** It has a VF. One of an older build takes no turns: it is never waited for, nor does it wait. */
  begins(context: Context): void {
    if (context.vf?.takesTurns !== true || this.#contexts.has(context.id)) return;
    this.#contexts.set(context.id, { context, silent: new SilentVf() });
    this.#scheduler.contextBegins(context.id, context.description.partition);
  }

  turn(context: Context, line: TurnLine): void {
    this.#scheduler.hear(context.id, line);
  }

  /** It has ended, and its VF's process as well. */
  ended(context: Context): void {
    if (!this.#contexts.delete(context.id)) return;
    this.#scheduler.contextEnded(context.id);
  }

  /** Those that are to be ended: they have no turns any more. To be called once everything has been read that VFs have said. */
  look(beyondUsMax: (context: Context) => number): readonly Overrun[] {
    this.#overruns = [];
    this.#scheduler.look((id) => {
      const { context } = this.#contexts.get(id) ?? {};
      return context === undefined ? 0 : beyondUsMax(context);
    });
    return this.#overruns;
  }

  /** No timer of it is left; its VFs are not told. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #wakeAt(us: number): void {
    clearTimeout(this.#timer);
    if (us === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#scheduler.wake(), Math.ceil((us - monotonicUs()) / 1000));
  }

  #overran(id: number, beyondUs: number): void {
    const { context } = this.#contexts.get(id) ?? {};
    if (context !== undefined) this.#overruns.push({ context, beyondUs });
  }
}

import type { Turn, TurnReport } from '../gate.ts';
import type { PartitionTerms, SchedulingPolicy } from '../policy.ts';
import { type Signs, TurnScheduler } from '../turn-scheduler.ts';

export const SLICE_US = 10_000;

export type Told = { readonly context: number; readonly turn: Turn | 'free' };

/** A scheduler whose clock and VFs a test plays itself. */
export class Rig {
  nowUs = 1_000_000;
  wakeUs = Number.POSITIVE_INFINITY;
  readonly told: Told[] = [];
  readonly ousted: number[] = [];
  readonly signs = new Map<number, Signs>();
  readonly scheduler: TurnScheduler;
  readonly #latest = new Map<number, Turn>();
  /** Serials of turns that were said to be over. */
  readonly #over = new Set<number>();

  constructor(policy: SchedulingPolicy, shares: Readonly<Record<string, number>>, interactive: readonly string[] = []) {
    this.scheduler = new TurnScheduler(termsOf(policy, shares, interactive), {
      nowUs: () => this.nowUs,
      grant: (context, turn) => {
        this.#latest.set(context, turn);
        this.told.push({ context, turn });
      },
      free: (context) => {
        this.#latest.delete(context);
        this.told.push({ context, turn: 'free' });
      },
      wakeAt: (us) => {
        this.wakeUs = us;
      },
      signsOf: (context) => this.signs.get(context) ?? 'unfinished',
      overran: (context) => this.ousted.push(context),
    });
  }

  set(policy: SchedulingPolicy, shares: Readonly<Record<string, number>>, interactive: readonly string[] = []): void {
    this.scheduler.setTerms(termsOf(policy, shares, interactive));
  }

  begin(context: number, partition: string): void {
    this.scheduler.contextBegins(context, partition);
  }

  /** The context has finished everything, if it was told to close, and wants more. */
  settle(context: number, { wants }: { readonly wants: boolean }): void {
    if (wants) this.say(context, 'turn-wanted');
    this.say(context, 'turn-over');
  }

  /** Of the turn that it was given last. */
  say(context: number, type: TurnReport['type']): void {
    const serial = this.turnOf(context)?.serial ?? 0;
    if (type === 'turn-over') this.#over.add(serial);
    this.scheduler.hear(context, { type, serial });
  }

  turnOf(context: number): Turn | undefined {
    return this.#latest.get(context);
  }

  end(context: number): void {
    this.#latest.delete(context);
    this.scheduler.contextEnded(context);
  }

  /** Whose gate is open: in a turn that has not been said to be over. */
  get open(): readonly number[] {
    return [...this.#latest].filter(([, { serial, untilUs }]) => untilUs > this.nowUs && !this.#over.has(serial)).map(([context]) => context);
  }

  pass(us: number): void {
    this.nowUs += us;
    if (this.nowUs >= this.wakeUs) this.scheduler.wake();
  }
}

function termsOf(policy: SchedulingPolicy, shares: Readonly<Record<string, number>>, interactive: readonly string[]) {
  const partitions = Object.entries(shares).map(([name, share]): readonly [string, PartitionTerms] => [name, { share, isInteractive: interactive.includes(name) }]);
  return { policy, sliceUs: SLICE_US, partitions: new Map(partitions) };
}

export const HALVES = { a: 0.5, b: 0.5 };
export const NEVER = Number.POSITIVE_INFINITY;

/** Context 1 in partition a and context 2 in b; both have heard that there are turns, and want one. */
export function two(policy: SchedulingPolicy, { shares = HALVES as Readonly<Record<string, number>>, interactive = [] as readonly string[], wants = [true, true] } = {}): Rig {
  const rig = new Rig(policy, shares, interactive);
  rig.begin(1, 'a');
  rig.begin(2, 'b');
  for (const [index, context] of [1, 2].entries()) rig.settle(context, { wants: wants[index] as boolean });
  return rig;
}

/** The turn of the context goes to its end. */
export function finish(rig: Rig, context: number, { wants = true } = {}): void {
  rig.pass(Math.max(0, (rig.turnOf(context)?.untilUs ?? 0) - rig.nowUs));
  rig.settle(context, { wants });
}

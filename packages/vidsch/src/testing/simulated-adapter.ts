import type { Random } from '@gpup/base/testing';
import type { TurnReport } from '../gate.ts';
import type { SchedulingTerms } from '../policy.ts';
import { TurnScheduler } from '../turn-scheduler.ts';
import { EventQueue } from './event-queue.ts';
import { SimulatedGpu, type Work } from './simulated-gpu.ts';
import { SimulatedVf } from './simulated-vf.ts';

/** What a guest does with its context. */
export interface Demand {
  /** Submits that it keeps in flight. */
  readonly depth: number;
  readonly lengthUs: () => number;
  /** From the end of a submit to the next one. 0: at once. */
  readonly restUs: () => number;
  /** From the opening of the context to the first submit. */
  readonly afterUs?: number;
}

/** How late messages and timers are. Both ends keep their order. */
export interface Lateness {
  readonly messageUsMax: number;
  readonly wakeUsMax: number;
}

/** Shorter than on any adapter, so that simulations are short as well. */
export const TDR_US = 200_000;
const LOOK_US = 25_000;

/** From when to when a partition's contexts were let in, as seen at the host's outlet. */
export interface Hold {
  readonly partition: string;
  readonly startUs: number;
  endUs: number;
}

interface Guest {
  readonly partition: string;
  readonly vf: SimulatedVf;
  toVfUs: number;
  toHostUs: number;
  /** Of the turn that it was given last. */
  serial: number;
}

/** An adapter with its scheduler, guests and their VFs, in simulated time. Everything follows from the seed. */
export class SimulatedAdapter {
  readonly queue = new EventQueue();
  readonly gpu = new SimulatedGpu(this.queue);
  readonly scheduler: TurnScheduler;
  readonly ousted: number[] = [];
  readonly liars = new Set<number>();
  /** Those that have stalled: what they have submitted may go on when their turn has ended without them. */
  readonly stalled = new Set<number>();
  /** Of each submit that has begun: how long it waited. */
  readonly waits = new Map<string, { readonly madeUs: number; readonly waitedUs: number }[]>();
  /** Submits that began beside those of another partition, although there were turns. */
  readonly intrusions: string[] = [];
  readonly holds: Hold[] = [];
  readonly #random: Random;
  readonly #lateness: Lateness;
  readonly #guests = new Map<number, Guest>();
  #holding = new Map<number, Hold>();
  #wakeMark = 0;
  #nextContext = 1;

  constructor(terms: SchedulingTerms, random: Random, lateness: Lateness) {
    this.#random = random;
    this.#lateness = lateness;
    this.scheduler = new TurnScheduler(terms, {
      nowUs: () => this.queue.nowUs,
      grant: (context, turn) => this.#grant(context, turn),
      free: (context) => this.#toVf(context, (guest) => guest.vf.turn(null)),
      wakeAt: (us) => this.#wakeAt(us),
      signsOf: (context) => this.#guests.get(context)?.vf.signs ?? 'finished',
      overran: (context) => {
        this.ousted.push(context);
        this.end(context);
      },
    });
    this.gpu.onBegin = ({ partition, madeUs }, nowUs) => {
      const waits = this.waits.get(partition) ?? [];
      waits.push({ madeUs, waitedUs: nowUs - madeUs });
      this.waits.set(partition, waits);
    };
    this.gpu.onSubmit = (work, unfinished) => this.#judge(work, unfinished);
    this.queue.after(LOOK_US, () => this.#look());
  }

  get contexts(): readonly number[] {
    return [...this.#guests.keys()];
  }

  partitionOf(context: number): string {
    return (this.#guests.get(context) as Guest).partition;
  }

  /** A guest opens a context and begins. */
  begin(partition: string, demand: Demand): number {
    const context = this.#nextContext++;
    const vf = new SimulatedVf({ queue: this.queue, gpu: this.gpu, partition, context, say: (report) => this.#saysHonestly(context, report) });
    this.#guests.set(context, { partition, vf, toVfUs: 0, toHostUs: 0, serial: 0 });
    this.scheduler.contextBegins(context, partition);
    const next = (): void => {
      if (this.#guests.get(context)?.vf !== vf) return;
      vf.submit(Math.max(1, demand.lengthUs()), () => {
        const restUs = demand.restUs();
        if (restUs === 0) next();
        else this.queue.after(restUs, next);
      });
    };
    this.queue.after(demand.afterUs ?? 0, () => {
      for (let count = 0; count < demand.depth; count++) next();
    });
    return context;
  }

  /** Its VF executes one command for so long. */
  stall(context: number, us: number): void {
    this.stalled.add(context);
    this.#guests.get(context)?.vf.stall(us);
  }

  /** A context whose VF submits nothing, and says nothing but what a test makes it say. */
  beginLiar(partition: string): number {
    const context = this.begin(partition, { depth: 0, lengthUs: () => 1, restUs: () => 0 });
    this.liars.add(context);
    return context;
  }

  end(context: number): void {
    const guest = this.#guests.get(context);
    if (guest === undefined) return;
    this.#guests.delete(context);
    guest.vf.die();
    this.#drained(context);
    // The host hears of it when the process has ended.
    this.queue.after(this.#delayUs(), () => this.scheduler.contextEnded(context));
  }

  #saysHonestly(context: number, report: TurnReport): void {
    if (!this.liars.has(context)) this.say(context, report);
  }

  /** A line of a VF: from its own gate, or a lie. */
  say(context: number, report: TurnReport): void {
    const guest = this.#guests.get(context);
    if (guest === undefined) return;
    guest.toHostUs = Math.max(guest.toHostUs, this.queue.nowUs + this.#delayUs());
    this.queue.at(guest.toHostUs, () => {
      if (!this.#guests.has(context)) return;
      if (report.type === 'turn-over' && report.serial === guest.serial) this.#drained(context);
      this.scheduler.hear(context, report);
    });
  }

  /** Of the turn that the context was given last. */
  serialOf(context: number): number {
    return this.#guests.get(context)?.serial ?? 0;
  }

  heldUs(partition: string): number {
    return this.holds.filter((hold) => hold.partition === partition).reduce((sum, { startUs, endUs }) => sum + Math.min(endUs, this.queue.nowUs) - startUs, 0);
  }

  #grant(context: number, turn: { readonly serial: number; readonly untilUs: number; readonly yields: boolean }): void {
    const guest = this.#guests.get(context);
    if (guest === undefined) return;
    guest.serial = turn.serial;
    if (turn.untilUs > 0) this.#holds(context, guest.partition);
    this.#toVf(context, ({ vf }) => vf.turn(turn));
  }

  /** The contexts of one partition hold it together, so their holds are one. */
  #holds(context: number, partition: string): void {
    const current = [...this.#holding.values()].find((hold) => hold.partition === partition);
    const hold = current ?? { partition, startUs: this.queue.nowUs, endUs: Number.POSITIVE_INFINITY };
    if (current === undefined) this.holds.push(hold);
    this.#holding.set(context, hold);
  }

  #drained(context: number): void {
    const hold = this.#holding.get(context);
    this.#holding.delete(context);
    if (hold !== undefined && ![...this.#holding.values()].includes(hold)) hold.endUs = this.queue.nowUs;
  }

  #judge(work: Work, unfinished: readonly Work[]): void {
    if (work.wasFree) return;
    const other = unfinished.find(({ partition, context, wasFree }) => !wasFree && partition !== work.partition && !this.stalled.has(context));
    if (other !== undefined) this.intrusions.push(`At ${this.queue.nowUs} us ${work.partition} submits beside ${other.partition}.`);
  }

  #toVf(context: number, run: (guest: Guest) => void): void {
    const guest = this.#guests.get(context);
    if (guest === undefined) return;
    guest.toVfUs = Math.max(guest.toVfUs, this.queue.nowUs + this.#delayUs());
    this.queue.at(guest.toVfUs, () => {
      if (this.#guests.get(context) === guest) run(guest);
    });
  }

  #wakeAt(us: number): void {
    const mark = ++this.#wakeMark;
    if (us === Number.POSITIVE_INFINITY) return;
    this.queue.at(us + this.#random.between(0, this.#lateness.wakeUsMax), () => {
      if (mark === this.#wakeMark) this.scheduler.wake();
    });
  }

  #look(): void {
    this.scheduler.look(() => TDR_US);
    this.queue.after(LOOK_US, () => this.#look());
  }

  #delayUs(): number {
    return this.#random.between(1, this.#lateness.messageUsMax);
  }
}

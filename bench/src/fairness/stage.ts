import { setTimeout as sleep } from 'node:timers/promises';
import type { LatencyClass } from '@gpup/api/client';
import { monotonicUs } from '@gpup/os';
import { FairHost, type Held, type Scheduling } from './fair-host.ts';
import type { GuestPlan, Window, WindowFigures } from './guest-plan.ts';
import { GuestProcess } from './guest-process.ts';
import { othersPart, sleepUntil } from './others.ts';

/** A guest that a scene wants, in a partition of its own. */
export interface Actor {
  readonly name: string;
  /** Of its partition: `1/4`. */
  readonly size: string;
  readonly plan: GuestPlan;
}

export interface Timing {
  /** How long a window is that counts. */
  readonly windowMs: number;
  /** How long everybody works before it. */
  readonly settleMs: number;
}

/** Until every guest knows of a window, before it begins. */
const NOTICE_MS = 100;
/**
 * Of a window: how long all work before anything counts, on each of the terms that are compared. Until their programs
 * are compiled, VFs and the host take a tenth of a software GPU for themselves, and turns come late.
 */
const WARM_UP_PART = 0.8;

/** What a guest has counted in a window, and what its host has. */
export interface GuestFigures extends WindowFigures {
  readonly heldMs: number;
  readonly turnCount: number;
}

/** Of those who worked, by name. */
export type Figures = ReadonlyMap<string, GuestFigures>;

/** A host of its own with partitions and their guests, who work when they are told to. */
export class Stage {
  readonly #host: FairHost;
  readonly #timing: Timing;
  readonly #guests = new Map<string, GuestProcess>();
  readonly #contextCounts = new Map<string, number>();
  readonly #sockets = new Map<string, string>();
  /** The slice that the host has said it has. */
  sliceMs = 0;
  /** The largest part of the machine that others had during a window. */
  othersPartMax = 0;

  private constructor(host: FairHost, timing: Timing) {
    this.#host = host;
    this.#timing = timing;
  }

  static async open(timing: Timing): Promise<Stage> {
    return new Stage(await FairHost.start(), timing);
  }

  get timing(): Timing {
    return this.#timing;
  }

  get adapter(): string {
    return [...this.#guests.values()][0]?.adapter ?? '';
  }

  /** Each gets its partition and opens its contexts; one after the other, as opening takes the whole machine. */
  async enter(actors: readonly Actor[]): Promise<void> {
    for (const { name, size, plan } of actors) {
      const socketPath = this.#sockets.get(name) ?? (await this.#host.addPartition(name, size));
      this.#sockets.set(name, socketPath);
      this.#guests.set(name, await GuestProcess.start(name, { socketPath, plan }));
      this.#contextCounts.set(name, plan.contextCount);
    }
  }

  /** Their partitions stay, without a context. */
  async leave(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await this.#guests.get(name)?.end();
      this.#guests.delete(name);
      this.#contextCounts.delete(name);
    }
    await this.#host.hasContexts([...this.#contextCounts.values()].reduce((sum, each) => sum + each, 0));
  }

  /** While something is done, these guests and their VFs stand still, as if they were not there. They have nothing to do. */
  async without<T>(names: readonly string[], what: () => Promise<T>): Promise<T> {
    const pids = [...names.map((name) => this.#guest(name).pid), ...(await this.#host.vfPidsOf(names))];
    const signal = (how: NodeJS.Signals): void => {
      for (const pid of pids) process.kill(pid, how);
    };
    signal('SIGSTOP');
    try {
      return await what();
    } finally {
      signal('SIGCONT');
    }
  }

  /** Nothing is new to anybody afterwards. */
  async warmUp(): Promise<void> {
    for (const policy of ['best-effort', 'equal-share'] as const) {
      await this.schedule({ policy });
      await this.together(undefined, this.#timing.windowMs * WARM_UP_PART);
    }
  }

  async schedule(scheduling: Scheduling): Promise<void> {
    this.sliceMs = await this.#host.schedule(scheduling);
  }

  setLatencyClass(name: string, latencyClass: LatencyClass): Promise<void> {
    return this.#host.setLatencyClass(name, latencyClass);
  }

  /** The named ones, or all, work at the same time; the others have their contexts and do nothing. */
  async together(names: readonly string[] = [...this.#guests.keys()], windowMs: number = this.#timing.windowMs, settleMs: number = this.#timing.settleMs): Promise<Figures> {
    const startUs = monotonicUs() + NOTICE_MS * 1000;
    const fromUs = startUs + settleMs * 1000;
    const window = { startUs, fromUs, toUs: fromUs + windowMs * 1000 };
    const [others, held, ...figures] = await Promise.all([othersPart(window), this.#heldIn(window), ...names.map((name) => this.#guest(name).work(window))]);
    this.othersPartMax = Math.max(this.othersPartMax, others);
    return new Map(names.map((name, i) => [name, { ...(figures[i] as WindowFigures), ...held(name) }]));
  }

  /** As the host has it: told beside what guests count, so that what turns lose can be told from who has them. */
  async #heldIn({ fromUs, toUs }: Window): Promise<(name: string) => { readonly heldMs: number; readonly turnCount: number }> {
    await sleepUntil(fromUs);
    const before = await this.#host.held();
    await sleepUntil(toUs);
    const after = await this.#host.held();
    const gained = (name: string, field: keyof Held): number => (after.get(name)?.[field] ?? 0) - (before.get(name)?.[field] ?? 0);
    return (name) => ({ heldMs: gained(name, 'heldUs') / 1000, turnCount: gained(name, 'turnCount') });
  }

  /** One after the other, each with nobody beside it. */
  async alone(windowMs: number): Promise<Figures> {
    const figures = new Map<string, GuestFigures>();
    for (const name of this.#guests.keys()) for (const [, each] of await this.together([name], windowMs)) figures.set(name, each);
    return figures;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#guests.values()].map((guest) => guest.end()));
    await this.#host.end();
  }

  #guest(name: string): GuestProcess {
    const guest = this.#guests.get(name);
    if (guest === undefined) throw new Error(`There is no guest "${name}".`);
    return guest;
  }
}

/** Opens a stage for what is done on it, and closes it whatever happens. */
export async function onStage<T>(timing: Timing, what: (stage: Stage) => Promise<T>): Promise<T> {
  const stage = await Stage.open(timing);
  try {
    return await what(stage);
  } finally {
    await stage.close();
    // The processes that were killed give their memory back meanwhile.
    await sleep(NOTICE_MS);
  }
}

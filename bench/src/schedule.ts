import type { Contestant, ContestantName, OpenContestant } from './contestant.ts';

/** How one workload is measured. */
export interface Plan {
  readonly workloadName: string;
  readonly runCount: number;
  /** A process that has measured so often is replaced: processes differ, each in its memory's layout and its compiled code. */
  readonly samplesPerProcess: number;
  /** All at the same moment instead of one after the other. */
  readonly isConcurrent: boolean;
}

/** One alternation: every contestant once, within seconds. Those that failed are missing. */
export type Alternation = ReadonlyMap<ContestantName, number>;

export interface Measured {
  readonly alternations: readonly Alternation[];
  /** Why a contestant has no figures. */
  readonly failures: ReadonlyMap<ContestantName, string>;
  /** Why a contestant takes no part in this workload, which is no failure. */
  readonly leftOut: ReadonlyMap<ContestantName, string>;
  readonly adapters: ReadonlyMap<ContestantName, string>;
}

/** Measures a workload with all contestants, alternating. One that fails is left out from then on, with all its figures. */
export async function alternate(plan: Plan, everybody: readonly Contestant[], onSample: (run: number, name: ContestantName) => void): Promise<Measured> {
  const leftOut = new Map<ContestantName, string>();
  for (const contestant of everybody) {
    const reason = contestant.reasonAgainst(plan.workloadName);
    if (reason !== undefined) leftOut.set(contestant.name, reason);
  }
  const contestants = everybody.filter(({ name }) => !leftOut.has(name));
  const failures = new Map<ContestantName, string>();
  const adapters = new Map<ContestantName, string>();
  const alternations: Map<ContestantName, number>[] = [];
  let open = new Map<ContestantName, OpenContestant>();

  const attempt = async (contestant: Contestant, run: number, what: () => Promise<void>): Promise<void> => {
    if (failures.has(contestant.name)) return;
    onSample(run, contestant.name);
    try {
      await what();
    } catch (error) {
      failures.set(contestant.name, (error as Error).message);
    }
  };
  const each = async (run: number, what: (contestant: Contestant) => Promise<void>): Promise<void> => {
    const order = contestants.map((_, i) => contestants[(i + run) % contestants.length] as Contestant);
    if (plan.isConcurrent) await Promise.all(order.map((contestant) => attempt(contestant, run, () => what(contestant))));
    else for (const contestant of order) await attempt(contestant, run, () => what(contestant));
  };
  const closeAll = async (): Promise<void> => {
    await Promise.all([...open.values()].map((contestant) => contestant.close()));
    open = new Map();
  };

  try {
    for (let run = 0; run < plan.runCount; run++) {
      if (run % plan.samplesPerProcess === 0) {
        await closeAll();
        await each(run, async (contestant) => {
          const opened = await contestant.open(plan.workloadName);
          open.set(contestant.name, opened);
          adapters.set(contestant.name, opened.adapter);
        });
      }
      const alternation = new Map<ContestantName, number>();
      alternations.push(alternation);
      await each(run, async ({ name }) => void alternation.set(name, await (open.get(name) as OpenContestant).measure()));
    }
  } finally {
    await closeAll();
  }
  // Half a contestant's figures would be compared with the whole of another's.
  for (const alternation of alternations) for (const name of failures.keys()) alternation.delete(name);
  return { alternations, failures, leftOut, adapters };
}

import type { SchedulingPolicy } from '@gpup/api/client';
import { Baseline } from '../baseline.ts';
import { greedyGuest, simpleGuest } from '../guests.ts';
import { type Figure, type ShareGroup, judged } from '../outcome.ts';
import { jainIndex, sum } from '../shares.ts';
import { type Actor, onStage } from '../stage.ts';
import type { Scene, SceneContext } from './scene.ts';

const GUEST_COUNTS = [2, 4, 8] as const;
const JAIN_MIN = 0.99;
/** The control: where nobody shares by rule, the same guests must come out unequal, or the test shows nothing. */
const CONTROL_JAIN_MAX = 0.8;

/** One guest that asks for far more than the others, among simple ones: who gets how much. */
export const unequalDemand: Scene = {
  name: 'unequal',
  title: 'Unequal demand',
  async run(context) {
    const found: Found[] = [];
    for (const count of GUEST_COUNTS) found.push(await amongGuests(count, context));
    return {
      part: this.name,
      figures: found.flatMap(({ figures }) => figures),
      groups: found.flatMap(({ groups }) => groups),
      latencies: [],
      driftPart: Math.max(...found.map(({ driftPart }) => driftPart)),
      othersPart: Math.max(...found.map(({ othersPart }) => othersPart)),
    };
  },
};

interface Found {
  readonly figures: readonly Figure[];
  readonly groups: readonly ShareGroup[];
  readonly driftPart: number;
  readonly othersPart: number;
}

function actors(count: number, { calibration }: SceneContext): Actor[] {
  const simple = Array.from({ length: count - 1 }, (_, i) => ({ name: `simple-${i + 1}`, size: `1/${count}`, plan: simpleGuest(calibration) }));
  return [{ name: 'greedy', size: `1/${count}`, plan: greedyGuest(calibration) }, ...simple];
}

function amongGuests(count: number, context: SceneContext): Promise<Found> {
  const { timing, onStep } = context;
  return onStage(timing, async (stage) => {
    onStep(`${count} guests start`);
    await stage.enter(actors(count, context));
    await stage.warmUp();
    const baseline = new Baseline(stage, onStep);
    const taken = async (policy: SchedulingPolicy, promised: number | null): Promise<ShareGroup> => {
      const title = `${count} guests, ${policy}`;
      return { title, guests: await baseline.take({ title, scheduling: { policy }, promised: () => promised }) };
    };
    const groups = [await taken('best-effort', null), await taken('equal-share', 1 / count)];
    const [freeShares, equalShares] = groups.map(({ guests }) => guests.map(({ share }) => share)) as [number[], number[]];
    const figures = [
      judged(`jain_best_effort_${count}`, jainIndex(freeShares), { bar: { sign: '≤', limit: CONTROL_JAIN_MAX } }),
      judged(`jain_equal_share_${count}`, jainIndex(equalShares), { bar: { sign: '≥', limit: JAIN_MIN } }),
      judged(`sum_best_effort_unequal_${count}`, sum(freeShares)),
      judged(`sum_equal_share_unequal_${count}`, sum(equalShares)),
    ];
    return { figures, groups, driftPart: baseline.driftPart, othersPart: stage.othersPartMax };
  });
}

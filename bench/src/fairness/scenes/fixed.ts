import { Baseline } from '../baseline.ts';
import { greedyGuest, simpleGuest } from '../guests.ts';
import { type Figure, type ShareGroup, judged } from '../outcome.ts';
import { pointsOff } from '../shares.ts';
import { type Actor, onStage } from '../stage.ts';
import type { Scene, SceneContext } from './scene.ts';

const POINTS_MAX = 2;
const TAKES: readonly { readonly figure: string; readonly title: string; readonly names?: readonly string[] }[] = [
  { figure: 'fixed_share_points_off', title: '1/2 + 1/4 + 1/4, fixed-share' },
  { figure: 'fixed_share_only_half_points_off', title: 'only the 1/2 active, fixed-share', names: ['half'] },
  { figure: 'fixed_share_only_greedy_points_off', title: 'only the greedy 1/4 active, fixed-share', names: ['quarter-greedy'] },
];
const PROMISED: Readonly<Record<string, number>> = { half: 1 / 2, 'quarter-greedy': 1 / 4, 'quarter-simple': 1 / 4 };

function actors({ calibration }: SceneContext): Actor[] {
  return [
    { name: 'half', size: '1/2', plan: simpleGuest(calibration) },
    { name: 'quarter-greedy', size: '1/4', plan: greedyGuest(calibration) },
    { name: 'quarter-simple', size: '1/4', plan: simpleGuest(calibration) },
  ];
}

/** Shares that are a half and two quarters: everybody has what was promised, also where nobody else wants the rest. */
export const fixedShares: Scene = {
  name: 'fixed',
  title: 'Fixed shares',
  run(context) {
    const { timing, onStep } = context;
    return onStage(timing, async (stage) => {
      onStep('3 guests start');
      await stage.enter(actors(context));
      await stage.warmUp();
      const baseline = new Baseline(stage, onStep);
      const promised = (name: string): number => PROMISED[name] as number;
      const groups: ShareGroup[] = [];
      const figures: Figure[] = [];
      for (const { figure, title, names } of TAKES) {
        const guests = await baseline.take({ title, scheduling: { policy: 'fixed-share' }, names, promised });
        const off = pointsOff(guests.map(({ share }) => share), guests.map(({ guest }) => promised(guest)));
        groups.push({ title, guests });
        figures.push(judged(figure, off, { unit: 'points', bar: { sign: '≤', limit: POINTS_MAX } }));
      }
      return { part: this.name, figures, groups, latencies: [], driftPart: baseline.driftPart, othersPart: stage.othersPartMax };
    });
  },
};

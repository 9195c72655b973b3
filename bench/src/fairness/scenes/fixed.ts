import { greedyGuest, simpleGuest } from '../guests.ts';
import { type Figure, type GuestShare, judged } from '../outcome.ts';
import { type Rounded, runRounds } from '../rounds.ts';
import { pointsOff } from '../shares.ts';
import { type Actor, onStage } from '../stage.ts';
import type { Scene, SceneContext } from './scene.ts';

const POINTS_MAX = 2;
const ALL = ['half', 'quarter-greedy', 'quarter-simple'];
const TAKES: readonly { readonly figure: string; readonly title: string; readonly names: readonly string[] }[] = [
  { figure: 'fixed_share_points_off', title: '1/2 + 1/4 + 1/4, fixed-share', names: ALL },
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
      const takes = TAKES.map(({ names }) => ({ scheduling: { policy: 'fixed-share' as const }, names }));
      const { rounded, driftPart } = await runRounds(stage, { names: ALL, takes, promised: (name) => PROMISED[name] as number, onStep });
      const found = TAKES.map((take, i) => ({ ...take, ...(rounded[i] as Rounded) }));
      return {
        part: this.name,
        figures: found.flatMap(figuresOf),
        groups: found.map(({ title, guests }) => ({ title, guests })),
        latencies: [], driftPart, othersPart: stage.othersPartMax,
      };
    });
  },
};

function figuresOf({ figure, guests, laps }: { readonly figure: string } & Rounded): readonly Figure[] {
  return [
    judged(figure, offOf(guests), { unit: 'points', bar: { sign: '≤', limit: POINTS_MAX } }),
    judged(`${figure}_best_lap`, Math.min(...laps.map(offOf)), { unit: 'points' }),
    judged(`${figure}_worst_lap`, Math.max(...laps.map(offOf)), { unit: 'points' }),
  ];
}

function offOf(guests: readonly GuestShare[]): number {
  return pointsOff(guests.map(({ share }) => share), guests.map(({ promised }) => promised as number));
}

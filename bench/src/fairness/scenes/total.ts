import type { Scheduling } from '../fair-host.ts';
import { simpleGuest } from '../guests.ts';
import { type Lapped, runLaps } from '../laps.ts';
import { type Bar, type Figure, judged } from '../outcome.ts';
import { jainIndex, sum } from '../shares.ts';
import { onStage } from '../stage.ts';
import type { Scene } from './scene.ts';

const COUNT = 8;
const LAP_COUNT = 3;

/** What turns cost: the shorter they are, the more of the time is spent on passing the adapter on. */
const TAKES: readonly { readonly scheduling: Scheduling; readonly bar?: Bar }[] = [
  { scheduling: { policy: 'best-effort' } },
  { scheduling: { policy: 'equal-share', sliceMs: 30 }, bar: { sign: '≥', limit: 0.95 } },
  { scheduling: { policy: 'equal-share', sliceMs: 10 }, bar: { sign: '≥', limit: 0.9 } },
];

/** Eight guests together, as parts of what each of them does alone: the sum is what is left of one guest's work. */
export const total: Scene = {
  name: 'sum',
  title: 'The sum over eight guests',
  run({ timing, calibration, onStep }) {
    return onStage(timing, async (stage) => {
      onStep(`${COUNT} guests start`);
      const names = Array.from({ length: COUNT }, (_, i) => `simple-${i + 1}`);
      await stage.enter(names.map((name) => ({ name, size: `1/${COUNT}`, plan: simpleGuest(calibration) })));
      await stage.warmUp();
      const schedulings = TAKES.map(({ scheduling }) => scheduling);
      const promised = ({ policy }: Scheduling): number | null => (policy === 'best-effort' ? null : 1 / COUNT);
      const { lapped, driftPart } = await runLaps(stage, { names, schedulings, lapCount: LAP_COUNT, promised, onStep });
      const found = TAKES.map((take, i) => ({ ...take, ...(lapped[i] as Lapped) }));
      return {
        part: this.name,
        figures: found.flatMap(figuresOf),
        groups: found.map(({ scheduling, guests }) => ({ title: `${COUNT} alike, ${titleOf(scheduling)}`, guests })),
        latencies: [], driftPart, othersPart: stage.othersPartMax,
      };
    });
  },
};

function figuresOf({ scheduling, bar, guests, sums }: (typeof TAKES)[number] & Lapped): readonly Figure[] {
  const shares = guests.map(({ share }) => share);
  const name = nameOf(scheduling);
  return [
    judged(`sum_${name}`, sum(shares), bar === undefined ? {} : { bar }),
    judged(`sum_${name}_lowest_lap`, Math.min(...sums)),
    judged(`sum_${name}_highest_lap`, Math.max(...sums)),
    judged(`jain_alike_${name}`, jainIndex(shares)),
  ];
}

function titleOf({ policy, sliceMs }: Scheduling): string {
  return sliceMs === undefined ? policy : `${policy}, slices of ${sliceMs} ms`;
}

function nameOf({ policy, sliceMs }: Scheduling): string {
  return `${policy.replace('-', '_')}${sliceMs === undefined ? '' : `_${sliceMs}ms`}`;
}

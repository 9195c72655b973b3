import { Baseline } from '../baseline.ts';
import type { Scheduling } from '../fair-host.ts';
import { simpleGuest } from '../guests.ts';
import { type Bar, type Figure, type ShareGroup, judged } from '../outcome.ts';
import { jainIndex, sum } from '../shares.ts';
import { onStage } from '../stage.ts';
import type { Scene } from './scene.ts';

const COUNT = 8;

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
      await stage.enter(Array.from({ length: COUNT }, (_, i) => ({ name: `simple-${i + 1}`, size: `1/${COUNT}`, plan: simpleGuest(calibration) })));
      await stage.warmUp();
      const baseline = new Baseline(stage, onStep);
      const groups: ShareGroup[] = [];
      const figures: Figure[] = [];
      for (const { scheduling, bar } of TAKES) {
        const title = `${COUNT} alike, ${titleOf(scheduling)}`;
        const guests = await baseline.take({ title, scheduling, promised: () => (scheduling.policy === 'best-effort' ? null : 1 / COUNT) });
        const shares = guests.map(({ share }) => share);
        groups.push({ title, guests });
        figures.push(judged(`sum_${nameOf(scheduling)}`, sum(shares), bar === undefined ? {} : { bar }), judged(`jain_alike_${nameOf(scheduling)}`, jainIndex(shares)));
      }
      return { part: this.name, figures, groups, latencies: [], driftPart: baseline.driftPart, othersPart: stage.othersPartMax };
    });
  },
};

function titleOf({ policy, sliceMs }: Scheduling): string {
  return sliceMs === undefined ? policy : `${policy}, slices of ${sliceMs} ms`;
}

function nameOf({ policy, sliceMs }: Scheduling): string {
  return `${policy.replace('-', '_')}${sliceMs === undefined ? '' : `_${sliceMs}ms`}`;
}

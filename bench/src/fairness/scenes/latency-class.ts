import type { LatencyClass, SchedulingPolicy } from '@gpup/api/client';
import { MONSTER_MS, frameGuest, monsterGuest } from '../guests.ts';
import { type Figure, type LatencySeries, judged } from '../outcome.ts';
import { percentile } from '../shares.ts';
import { type Stage, onStage } from '../stage.ts';
import type { Scene } from './scene.ts';

/** Promised beyond the slice and the longest submit: for the messages, the wake-ups and the frame itself. */
const MARGIN_MS = 5;
/** Also where the host's own would be longer: the bound is as tight as it can be asked for. */
const SLICE_MS = 10;
/** Frames wait for monsters: there are fewer of them than ticks, and a p99 wants hundreds. */
const WINDOWS = 2;

const TAKES: readonly { readonly policy: SchedulingPolicy; readonly latencyClass: LatencyClass }[] = [
  { policy: 'best-effort', latencyClass: 'throughput' },
  { policy: 'equal-share', latencyClass: 'throughput' },
  { policy: 'best-effort', latencyClass: 'interactive' },
  { policy: 'equal-share', latencyClass: 'interactive' },
  { policy: 'fixed-share', latencyClass: 'interactive' },
];

/** A guest whose submits are far longer than a slice, beside one that draws small frames: how long a frame takes. */
export const latencyClass: Scene = {
  name: 'latency',
  title: 'Frames beside monsters',
  run({ timing, calibration, onStep }) {
    return onStage(timing, async (stage) => {
      onStep('2 guests start');
      await stage.enter([
        { name: 'monsters', size: '1/2', plan: monsterGuest(calibration) },
        { name: 'frames', size: '1/2', plan: frameGuest(calibration) },
      ]);
      onStep('frames alone');
      await stage.schedule({ policy: 'best-effort' });
      const latencies: LatencySeries[] = [await seriesOf(stage, { title: 'frames alone', names: ['frames'], isPromised: false })];
      const figures: Figure[] = [judged('frame_p99_alone', percentile(latencies[0]?.latenciesMs ?? [], 0.99), { unit: 'ms' })];
      for (const take of TAKES) {
        const title = `${take.policy}, ${take.latencyClass}`;
        onStep(title);
        await stage.schedule({ policy: take.policy, sliceMs: SLICE_MS });
        await stage.setLatencyClass('frames', take.latencyClass);
        const series = await seriesOf(stage, { title, names: ['monsters', 'frames'], isPromised: take.latencyClass === 'interactive' });
        latencies.push(series);
        figures.push(...figuresOf(`${take.policy}_${take.latencyClass}`.replace('-', '_'), series));
      }
      return { part: this.name, figures, groups: [], latencies, driftPart: 0, othersPart: stage.othersPartMax };
    });
  },
};

async function seriesOf(stage: Stage, { title, names, isPromised }: { readonly title: string; readonly names: readonly string[]; readonly isPromised: boolean }): Promise<LatencySeries> {
  const figures = await stage.together(names, stage.timing.windowMs * WINDOWS);
  // An adapter without a clock of its own is held to the length that was meant.
  const longestSubmitMs = figures.get('monsters')?.longestSubmitMs ?? MONSTER_MS;
  const boundMs = isPromised ? stage.sliceMs + longestSubmitMs + MARGIN_MS : null;
  return { title, latenciesMs: figures.get('frames')?.latenciesMs ?? [], longestSubmitMs, boundMs };
}

function figuresOf(name: string, { latenciesMs, longestSubmitMs, boundMs }: LatencySeries): Figure[] {
  const bar = boundMs === null ? {} : { bar: { sign: '≤', limit: boundMs } as const };
  return [
    judged(`frame_p50_${name}`, percentile(latenciesMs, 0.5), { unit: 'ms' }),
    judged(`frame_p99_${name}`, percentile(latenciesMs, 0.99), { unit: 'ms', ...bar }),
    judged(`longest_submit_${name}`, longestSubmitMs, { unit: 'ms' }),
  ];
}

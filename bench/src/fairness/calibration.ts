import type { GuestPlan } from './guest-plan.ts';
import { type Stage, type Timing, onStage } from './stage.ts';

/** How many workgroups of a submit keep this machine busy for a millisecond. */
export interface Calibration {
  readonly groupsPerMs: number;
  /** What a submit costs besides. */
  readonly submitMs: number;
  readonly adapter: string;
}

/** SwiftShader cuts a dispatch into 16 batches: others would leave one thread to wait for the other. */
const GROUP_STEP = 16;
const SIZES = [256, 1024] as const;
const WINDOW_MS_MAX = 2000;

/**
 * By the difference of two sizes, so that what every submit costs is left out; and by the fastest submit of each, which
 * nobody else on the machine had a hand in.
 */
export async function calibrate(timing: Timing): Promise<Calibration> {
  return onStage(timing, async (stage) => {
    const fastestMs: number[] = [];
    for (const groupCount of SIZES) fastestMs.push(await fastestSubmitMs(stage, groupCount));
    const [small, large] = fastestMs as [number, number];
    const groupsPerMs = (SIZES[1] - SIZES[0]) / Math.max(large - small, Number.EPSILON);
    return { groupsPerMs, submitMs: small - SIZES[0] / groupsPerMs, adapter: stage.adapter };
  });
}

async function fastestSubmitMs(stage: Stage, groupCount: number): Promise<number> {
  const name = `calibration-${groupCount}`;
  const plan: GuestPlan = { groupCount, contextCount: 1, pace: { kind: 'depth', depth: 1 }, isTimed: false };
  await stage.enter([{ name, size: '1/2', plan }]);
  const figures = await stage.together([name], Math.min(WINDOW_MS_MAX, stage.timing.windowMs));
  const latenciesMs = figures.get(name)?.latenciesMs ?? [];
  if (latenciesMs.length === 0) throw new Error(`No submit of ${groupCount} workgroups finished within ${stage.timing.windowMs} ms.`);
  return Math.min(...latenciesMs);
}

/** Workgroups for a submit of so many ms. */
export function groupsFor(lengthMs: number, { groupsPerMs }: Calibration): number {
  return Math.max(1, Math.round((lengthMs * groupsPerMs) / GROUP_STEP)) * GROUP_STEP;
}

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
const SIZES = [128, 512] as const;
const TRY_MS_MAX = 500;
const TRIES = 3;

/**
 * By the difference of two sizes, so that what every submit costs is left out; and by the fastest submit of each, which
 * nobody else on the machine had a hand in.
 */
export async function calibrate(timing: Timing): Promise<Calibration> {
  const ofTry = { settleMs: timing.settleMs, windowMs: Math.min(TRY_MS_MAX, timing.windowMs) };
  return onStage(ofTry, async (stage) => {
    await stage.enter(SIZES.map((groupCount) => ({ name: nameOf(groupCount), size: '1/2', plan: planOf(groupCount) })));
    const fastestMs: number[] = SIZES.map(() => Number.POSITIVE_INFINITY);
    for (let i = 0; i < TRIES * SIZES.length; i++) {
      const at = i % SIZES.length;
      fastestMs[at] = Math.min(fastestMs[at] as number, await fastestSubmitMs(stage, nameOf(SIZES[at] as number)));
    }
    const [small, large] = fastestMs as [number, number];
    if (!(small < large && large < Number.POSITIVE_INFINITY)) throw new Error(`Submits of ${SIZES.join(' and ')} workgroups take ${small} and ${large} ms: their lengths cannot be told from each other.`);
    const groupsPerMs = (SIZES[1] - SIZES[0]) / (large - small);
    return { groupsPerMs, submitMs: small - SIZES[0] / groupsPerMs, adapter: stage.adapter };
  });
}

function nameOf(groupCount: number): string {
  return `calibration-${groupCount}`;
}

function planOf(groupCount: number): GuestPlan {
  return { groupCount, contextCount: 1, pace: { kind: 'depth', depth: 1 }, isTimed: false };
}

async function fastestSubmitMs(stage: Stage, name: string): Promise<number> {
  const figures = await stage.together([name]);
  return Math.min(...(figures.get(name)?.latenciesMs ?? []));
}

/** Workgroups for a submit of so many ms. */
export function groupsFor(lengthMs: number, { groupsPerMs }: Calibration): number {
  return Math.max(1, Math.round((lengthMs * groupsPerMs) / GROUP_STEP)) * GROUP_STEP;
}

import { type Calibration, calibrate } from './calibration.ts';
import type { Outcome } from './outcome.ts';
import { SCENES } from './scenes/index.ts';
import type { Timing } from './stage.ts';

export interface MeasureOptions {
  /** Of scenes, as `SCENES` names them. */
  readonly parts: readonly string[];
  readonly windowMs: number;
  readonly onStep: (what: string) => void;
}

export interface FairnessResult {
  readonly adapter: string;
  readonly timing: Timing;
  readonly calibration: Calibration;
  readonly outcomes: readonly Outcome[];
  /** Why a part has no outcome. */
  readonly failures: Readonly<Record<string, string>>;
}

/** Compilers, and queues that fill: a tenth of a window, and no less than a second of a long one. */
const SETTLE_PART = 0.1;
const SETTLE_MS_MAX = 1000;

/** One part after the other; one that fails does not take the others with it. */
export async function measureFairness({ parts, windowMs, onStep }: MeasureOptions): Promise<FairnessResult> {
  const timing = { windowMs, settleMs: Math.min(SETTLE_MS_MAX, windowMs * SETTLE_PART) };
  onStep('calibration');
  const calibration = await calibrate(timing);
  const outcomes: Outcome[] = [];
  const failures: Record<string, string> = {};
  for (const scene of SCENES.filter(({ name }) => parts.includes(name))) {
    try {
      outcomes.push(await scene.run({ timing, calibration, onStep: (what) => onStep(`${scene.title}: ${what}`) }));
    } catch (error) {
      failures[scene.name] = (error as Error).message;
    }
  }
  return { adapter: calibration.adapter, timing, calibration, outcomes, failures };
}

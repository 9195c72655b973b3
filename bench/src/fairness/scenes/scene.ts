import type { Calibration } from '../calibration.ts';
import type { Outcome } from '../outcome.ts';
import type { Timing } from '../stage.ts';

export interface SceneContext {
  readonly timing: Timing;
  readonly calibration: Calibration;
  /** Told what is being done, for people who wait. */
  readonly onStep: (what: string) => void;
}

/** One part of the bench. */
export interface Scene {
  readonly name: string;
  readonly title: string;
  run(context: SceneContext): Promise<Outcome>;
}

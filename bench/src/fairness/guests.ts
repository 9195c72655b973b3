/** The guests of the scenes: what each of them asks of the GPU. */
import { type Calibration, groupsFor } from './calibration.ts';
import type { GuestPlan } from './guest-plan.ts';

/** Shorter ones are served first by a kernel that favours who has waited, so that nobody would come out unequal without turns. */
const SIMPLE_SUBMIT_MS = 5;
const FRAME_MS = 1;
export const MONSTER_MS = 50;
/** A screen's 60 Hz. */
const FRAME_PERIOD_MS = 1000 / 60;

/** One context, which submits and waits. */
export function simpleGuest(calibration: Calibration): GuestPlan {
  return { contextCount: 1, pace: { kind: 'depth', depth: 1 }, groupCount: groupsFor(SIMPLE_SUBMIT_MS, calibration), isTimed: false };
}

/** Asks for far more than the others, in every way: four contexts, each eight submits ahead, each submit ten times as long. */
export function greedyGuest(calibration: Calibration): GuestPlan {
  return { contextCount: 4, pace: { kind: 'depth', depth: 8 }, groupCount: groupsFor(10 * SIMPLE_SUBMIT_MS, calibration), isTimed: false };
}

/** One submit after the other that is far longer than a slice; there is always a next one. */
export function monsterGuest(calibration: Calibration): GuestPlan {
  return { contextCount: 1, pace: { kind: 'depth', depth: 2 }, groupCount: groupsFor(MONSTER_MS, calibration), isTimed: true };
}

/** Draws small frames, each at the next tick after the last one is seen to be done. */
export function frameGuest(calibration: Calibration): GuestPlan {
  return { contextCount: 1, pace: { kind: 'frames', periodMs: FRAME_PERIOD_MS }, groupCount: groupsFor(FRAME_MS, calibration), isTimed: false };
}

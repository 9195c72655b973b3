import type { Random } from '@gpup/base/testing';
import type { Scene } from '../scene/scene.ts';
import type { PlannedWorld } from './planned-world.ts';

/** In a rough act the daemon is killed, restarted and upgraded; in a calm one it lives on, so that what it leaks adds up. */
export type Mood = 'calm' | 'rough';

/**
 * Something that can be done to a host. What is done, and to whom, is chosen before anything is done at all: `choose`
 * looks at nothing but the planned world and the random numbers, so that a seed is the whole plan.
 */
export interface StepKind<Params> {
  readonly name: string;
  /** How often it is done, against the others, in acts of each mood. */
  readonly weight: Readonly<Record<Mood, number>>;
  /** Null: there is nothing to do it to. */
  choose(world: PlannedWorld, random: Random): Params | null;
  /** What is expected to be so afterwards. */
  foresee(world: PlannedWorld, params: Params): void;
  /** Resolves when the next step may begin. What goes on longer is left to the scene. */
  perform(scene: Scene, params: Params): Promise<void>;
}

/** A kind among others, whose parameters only it can read: they came from its own `choose`. */
export type AnyStepKind = StepKind<unknown>;

export function stepKind<Params>(kind: StepKind<Params>): AnyStepKind {
  return kind as StepKind<unknown>;
}

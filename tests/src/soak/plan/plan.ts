import { Random } from '@gpup/base/testing';
import { pickWeighted } from './draw.ts';
import { PlannedWorld } from './planned-world.ts';
import type { AnyStepKind, Mood } from './step-kind.ts';

export interface Step {
  readonly index: number;
  readonly kind: AnyStepKind;
  readonly params: unknown;
  /** From its end to the begin of the next one. */
  readonly pauseMs: number;
}

export interface PlanOptions {
  readonly seed: number;
  readonly kinds: readonly AnyStepKind[];
  /** Ends each act: everything comes to rest and is looked at. */
  readonly quiesce: AnyStepKind;
  /** Steps between two rests. */
  readonly actSteps: number;
}

const PAUSE_MS_MAX = 1_200;
/** One act of so many is rough, the first of them: a short soak is to see everything. */
const ROUGH_ACT_EVERY = 3;
/** A large odd number: steps of one seed share no random numbers. */
const STEP_STRIDE = 0x9e3779b1;

/** The endless list of steps that a seed stands for. Pure: what has come of a step changes nothing. */
export class Plan {
  readonly #options: PlanOptions;
  readonly world = new PlannedWorld();
  #index = 0;

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  next(): Step {
    const { seed } = this.#options;
    const index = this.#index++;
    const random = new Random(Math.imul(index + 1, STEP_STRIDE) ^ seed);
    const { kind, params } = this.#choose(index, random);
    kind.foresee(this.world, params);
    return { index, kind, params, pauseMs: random.below(PAUSE_MS_MAX) };
  }

  #choose(index: number, random: Random): Pick<Step, 'kind' | 'params'> {
    const { kinds, quiesce, actSteps } = this.#options;
    const isRest = index % (actSteps + 1) === actSteps;
    const mood = moodOf(Math.floor(index / (actSteps + 1)));
    const possible = kinds.flatMap((kind) => {
      const params = isRest ? null : kind.choose(this.world, random);
      return params === null ? [] : [{ weight: kind.weight[mood], value: { kind, params } }];
    });
    return pickWeighted(random, possible) ?? { kind: quiesce, params: quiesce.choose(this.world, random) };
  }
}

export function moodOf(act: number): Mood {
  return act % ROUGH_ACT_EVERY === 0 ? 'rough' : 'calm';
}

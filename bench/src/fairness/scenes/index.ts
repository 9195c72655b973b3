import { fixedShares } from './fixed.ts';
import { latencyClass } from './latency-class.ts';
import { onlyActive } from './only-active.ts';
import type { Scene } from './scene.ts';
import { total } from './total.ts';
import { unequalDemand } from './unequal.ts';

/** In the order of the table. */
export const SCENES: readonly Scene[] = [unequalDemand, fixedShares, onlyActive, total, latencyClass];

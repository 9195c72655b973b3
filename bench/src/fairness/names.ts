import { SCENES } from './scenes/index.ts';

/** How the command line names all of it. */
export const FAIRNESS = 'fairness';
/** And each part: `fairness-fixed`, … */
export const FAIRNESS_NAMES: readonly string[] = [FAIRNESS, ...SCENES.map(({ name }) => `${FAIRNESS}-${name}`)];

/** The parts that names ask for, in their order. */
export function partsOf(names: readonly string[]): string[] {
  return SCENES.map(({ name }) => name).filter((name) => names.includes(FAIRNESS) || names.includes(`${FAIRNESS}-${name}`));
}

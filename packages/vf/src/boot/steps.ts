import { step } from '@gpup/os/step';

/** The named points at which a test can freeze a VF process, in the order in which it passes them. */
export const VF_STEPS = [
  'vf.started',
  'vf.guarded',
  'vf.dawn-open',
  'vf.warm',
  'vf.assigned',
  'vf.link-offered',
  'vf.ready',
  'vf.ending',
] as const;

export function vfStep(name: (typeof VF_STEPS)[number]): void {
  step(name);
}

/** Further ones of a VF that outlives its host process. */
export const VF_SURVIVAL_STEPS = ['vf.surviving', 'vf.orphaned', 'vf.adopted'] as const;

export function vfSurvivalStep(name: (typeof VF_SURVIVAL_STEPS)[number]): void {
  step(name);
}

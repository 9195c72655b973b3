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

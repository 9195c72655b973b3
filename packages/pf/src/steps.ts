import { step } from '@gpup/os/step';

/** The named points at which a test can freeze the host process, in the order in which it passes them. */
export const PF_STEPS = [
  'pf.started',
  'pf.swept',
  'pf.adapter-chosen',
  'pf.vf-spawned',
  'pf.directory-made',
  'pf.listening',
  'pf.announced',
  'pf.opened',
  'pf.vf-warm',
  'pf.attached',
  'pf.handed-over',
  'pf.vf-ready',
  'pf.refilling',
  'pf.vf-gone',
  'pf.guest-gone',
  'pf.closing',
  'pf.vfs-killed',
  'pf.directory-removed',
] as const;

export function pfStep(name: (typeof PF_STEPS)[number]): void {
  step(name);
}

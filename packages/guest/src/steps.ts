import { step } from '@gpup/os/step';

/** The named points at which a test can freeze a guest process, in the order in which it passes them. */
export const GUEST_STEPS = [
  'guest.host-spawned',
  'guest.host-ready',
  'guest.connected',
  'guest.opened',
  'guest.attached',
  'guest.ready',
  'guest.linked',
  'guest.lost',
] as const;

export function guestStep(name: (typeof GUEST_STEPS)[number]): void {
  step(name);
}

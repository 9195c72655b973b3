import type { AnyStepKind } from '../plan/step-kind.ts';
import { ATTACK_STEPS } from './attack-step.ts';
import { CAPTURE_STEPS } from './capture-step.ts';
import { DAEMON_STEPS } from './daemon-steps.ts';
import { GUEST_STEPS } from './guest-steps.ts';
import { HANG_STEPS } from './hang-step.ts';
import { PARTITION_STEPS } from './partition-steps.ts';
import { SCHEDULING_STEPS } from './scheduling-step.ts';
import { STORM_STEPS } from './storm-step.ts';
import { TOKEN_STEPS } from './token-step.ts';
import { VF_STEPS } from './vf-steps.ts';

/**
 * All that a soak does to a host. A new kind is a file here, and a row below; what it may end belongs to its `perform`
 * (`guest.allow`), what must hold in spite of it to ../invariants.
 */
export const STEP_KINDS: readonly AnyStepKind[] = [
  ...PARTITION_STEPS,
  ...GUEST_STEPS,
  ...VF_STEPS,
  ...HANG_STEPS,
  ...ATTACK_STEPS,
  ...STORM_STEPS,
  ...CAPTURE_STEPS,
  ...SCHEDULING_STEPS,
  ...TOKEN_STEPS,
  ...DAEMON_STEPS,
];

export { QUIESCE_STEP, complaintsAtRest, quiesce } from './quiesce.ts';

import { step } from '@gpup/os/step';

/** The named points at which a test can freeze `gpup run`, in the order in which it passes them. */
export const CLI_STEPS = ['cli.host-ready', 'cli.program-started', 'cli.program-ended', 'cli.host-ended'] as const;

export function cliStep(name: (typeof CLI_STEPS)[number]): void {
  step(name);
}

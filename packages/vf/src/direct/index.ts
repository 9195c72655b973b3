import type { CompactCommands } from '../backend.ts';
import { DirectCommands } from './compact-commands.ts';
import { openDawnImage } from './dawn-image.ts';
import { NO_PATIENCE, PATIENCE, recordDirectly } from './direct-recording.ts';

/** The operator's choice, in a host's environment. */
export const EXECUTOR_VARIABLE = 'GPUP_EXECUTOR';

/**
 * `auto`: directly where that pays and this build of Dawn is known. `direct`: whatever can be, and an error
 * where it cannot. `binding`: never.
 */
export const EXECUTOR_CHOICES = ['auto', 'direct', 'binding'] as const;
export type ExecutorChoice = (typeof EXECUTOR_CHOICES)[number];

/** How commands reach Dawn, and where not directly, why. */
export interface Executor {
  readonly kind: 'direct' | 'binding';
  readonly reason: string;
}

export interface ChosenExecutor {
  readonly executor: Executor;
  /** Null where whole command buffers go by the binding. */
  readonly compact: CompactCommands | null;
}

export function decodeExecutorChoice(text: string | undefined): ExecutorChoice {
  if (text === undefined || text === '') return 'auto';
  const choice = EXECUTOR_CHOICES.find((each) => each === text);
  if (choice === undefined) throw new Error(`${EXECUTOR_VARIABLE} (${text}) is none of ${EXECUTOR_CHOICES.join(', ')}.`);
  return choice;
}

/** Prepares the binding that this process has loaded; once, before anything is recorded. */
export function chooseExecutor(globals: Readonly<Record<string, unknown>>, choice: ExecutorChoice): ChosenExecutor {
  if (choice === 'binding') return byBinding('chosen by the operator');
  const image = openDawnImage();
  if (typeof image === 'string') {
    if (choice === 'direct') throw new Error(`Dawn cannot be called directly: ${image}.`);
    return byBinding(image);
  }
  recordDirectly(globals, image, choice === 'direct' ? NO_PATIENCE : PATIENCE);
  return { executor: { kind: 'direct', reason: '' }, compact: new DirectCommands(image) };
}

function byBinding(reason: string): ChosenExecutor {
  return { executor: { kind: 'binding', reason }, compact: null };
}

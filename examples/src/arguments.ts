import { parseArgs } from 'node:util';

/** A mistake in how the demo was called: exit code 2, as opposed to 1 for a demo in which something did not hold. */
export class UsageError extends Error {}

export interface DemoOptions {
  /** Where the pictures go. */
  readonly out: string;
  readonly json: boolean;
  readonly quick: boolean;
}

export const HELP = `Usage: npm start [-- OPTIONS]

Runs four guest programs at once on one host process, each in a partition of its own: a TensorFlow.js
training, a three.js scene and a particle simulation, and a hostile one that attacks its partition.
Shows what they do, what their processes map, and what came of it.

Options:
  --out DIR   where the pictures go (default: out/demo)
  --quick     less work for each guest
  --json      print a machine-readable summary on standard output; progress goes to standard error
  -h, --help  show this help

Exit status: 0 if everything held, 1 if something did not, 2 for a mistake on the command line.
`;

/** Null: help is wanted. */
export function parseDemoArguments(args: readonly string[]): DemoOptions | null {
  const values = parsed(args);
  if (values.help === true) return null;
  if (values.out === '') throw new UsageError('--out must not be empty.');
  return { out: values.out ?? 'out/demo', json: values.json === true, quick: values.quick === true };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        out: { type: 'string' },
        quick: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

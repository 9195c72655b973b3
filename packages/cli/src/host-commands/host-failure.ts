import { HostApiError } from '@gpup/api/client';
import { CommandError } from '../command-error.ts';

/** As docs/cli.md has it. */
const NO_HOST = 3;
const REFUSED = 4;

/** What a command that asks a host ends with, where the host has not done it; other errors as they are. */
export function hostFailure(error: unknown): unknown {
  if (!(error instanceof HostApiError)) return error;
  if (error.status === 0) return new CommandError(NO_HOST, error.message, { cause: error });
  return new CommandError(REFUSED, `${error.code}: ${error.message}`, { cause: error });
}

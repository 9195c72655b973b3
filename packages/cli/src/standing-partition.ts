import { HostApiError, type OpenHostOptions, openHost } from '@gpup/api/client';
import { CommandError } from './command-error.ts';
import { hostFailure } from './host-commands/host-failure.ts';
import { hostPlace } from './host-commands/host-place.ts';

const DEFAULT_PARTITION = 'default';
const REFUSED = 4;

/** The socket of a partition of the host that runs; throws where there is no such partition, or no host. */
export function namedPartition(name: string): Promise<string> {
  return socketOf(hostPlace(undefined), name).catch((error: unknown) => {
    throw hostFailure(error);
  });
}

/** The socket of the host's default partition; null where no host runs and none was named by GPUP_HOST. */
export async function defaultPartition(environment: NodeJS.ProcessEnv = process.env): Promise<string | null> {
  try {
    return await socketOf(hostPlace(undefined, environment), DEFAULT_PARTITION);
  } catch (error) {
    if (!(error instanceof HostApiError)) throw error;
    if (error.code === 'no-host' && !environment['GPUP_HOST']) return null;
    if (error.code !== 'unknown-partition') throw hostFailure(error);
    // A partition of the program's own would be beside all budgets of the host: nobody gets that unasked.
    throw new CommandError(REFUSED, `${error.code}: The host that runs has no partition "${DEFAULT_PARTITION}"; name one with --partition, or run beside the host with --ephemeral.`, { cause: error });
  }
}

async function socketOf(place: OpenHostOptions, name: string): Promise<string> {
  return (await openHost(place).partition(name)).socketPath;
}
